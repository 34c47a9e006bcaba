/** Which tracks the agent subscribes to by itself. */
export const AutoSubscribe = {
  SUBSCRIBE_ALL: 0,
  SUBSCRIBE_NONE: 1,
  VIDEO_ONLY: 2,
  AUDIO_ONLY: 3,
} as const;

/** Which tracks the agent subscribes to by itself. */
export type AutoSubscribe = (typeof AutoSubscribe)[keyof typeof AutoSubscribe];
