/** What agents may ask about where they run. */

/** True when the agent was started with `dev` or `connect`. */
export function isDevMode(): boolean {
  return process.env['LIVEKIT_DEV_MODE'] === '1';
}

/** True when the agent is hosted by LiveKit Cloud. */
export function isHosted(): boolean {
  return process.env['LIVEKIT_REMOTE_EOT_URL'] !== undefined;
}
