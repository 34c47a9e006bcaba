import type { TrackSource } from '@livekit/protocol';
import type { Permissions } from '../machines/messages.ts';

/** What the agent may do in its room. */
export class WorkerPermissions implements Permissions {
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData: boolean;
  canUpdateMetadata: boolean;
  /** Which tracks may be published; empty means all. The open-source server ignores it. */
  canPublishSources: TrackSource[];
  /** Keeps the agent out of the participants' lists. */
  hidden: boolean;
  canSubscribeMetrics: boolean;

  constructor(
    canPublish = true,
    canSubscribe = true,
    canPublishData = true,
    canUpdateMetadata = true,
    canPublishSources: TrackSource[] = [],
    hidden = false,
    canSubscribeMetrics = false,
  ) {
    this.canPublish = canPublish;
    this.canSubscribe = canSubscribe;
    this.canPublishData = canPublishData;
    this.canUpdateMetadata = canUpdateMetadata;
    this.canPublishSources = canPublishSources;
    this.hidden = hidden;
    this.canSubscribeMetrics = canSubscribeMetrics;
  }
}
