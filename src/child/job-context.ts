import type {
  E2EEOptions,
  LocalParticipant,
  RemoteParticipant,
  Room,
  RtcConfiguration,
} from '@livekit/rtc-node';
import type { Logger } from 'pino';
import type { InspectionEvent } from 'xstate';
import type { CloseReason } from '../../machines/messages.ts';
import { AutoSubscribe } from './auto-subscribe.ts';
import type { JobProcess } from './job-process.ts';
import { ParticipantEntrypoints } from './participant-entrypoints.ts';
import type { PlainJob } from './plain-job.ts';
import type { RoomConnection } from './room-connection.ts';
import type { RoomDeletion } from './room-deletion.ts';
import type { SessionDirectory } from './session-directory.ts';
import type { SessionEvents, SessionListener, SessionListeners } from './session-listeners.ts';
import { readTokenClaims, type TokenClaims } from './token-claims.ts';
import { waitForParticipant, type WaitForParticipantOptions } from './wait-for-participant.ts';

/** How the agent appears in the room. */
export interface JobAcceptArguments {
  name: string;
  identity: string;
  metadata: string;
  attributes?: Record<string, string>;
}

/** What the worker handed to the job process. */
export interface RunningJobInfo {
  acceptArguments: JobAcceptArguments;
  job: PlainJob;
  url: string;
  token: string;
  workerId: string;
  /** Key and secret are absent with `credentials: 'withhold'`. */
  apiKey?: string;
  apiSecret?: string;
  /** A job without a room. */
  fakeJob?: boolean;
}

/** A function that runs at the end of the session, after the agent has left the room. */
export type ShutdownCallback = (reason: CloseReason, detail: string) => Promise<void> | void;

/** A function that runs for each participant of the room. */
export type ParticipantEntrypoint<UserData> = (
  ctx: JobContext<UserData>,
  participant: RemoteParticipant,
) => Promise<void> | void;

/** What a job context stands on. */
export interface JobContextParts<UserData> {
  proc: JobProcess<UserData>;
  info: RunningJobInfo;
  connection: RoomConnection;
  deletion: RoomDeletion;
  directory: SessionDirectory;
  listeners: SessionListeners;
  /** Shows actors of the user's own in the inspector; without it nobody watches. */
  inspect?: (inspection: InspectionEvent) => void;
  logger: Logger;
  /** Aborted when the session ends. */
  signal: AbortSignal;
  shutdown: (detail: string) => void;
  endSession: (detail: string) => void;
}

/** The job, its room and what an agent can do with them: the argument of `entry`. */
export class JobContext<UserData = Record<string, unknown>> {
  /** Aborted as soon as the session ends, also before the first `await`: hand it to whatever can be stopped. */
  readonly signal: AbortSignal;
  /** A log whose lines name the job. */
  readonly logger: Logger;
  /**
   * For the `inspect` option of your own root actors: `createActor(callMachine, { inspect: ctx.inspect })` shows them in
   * the inspector below the session. Costs nothing while nobody watches.
   */
  readonly inspect: (inspection: InspectionEvent) => void;
  readonly #parts: JobContextParts<UserData>;
  readonly #entrypoints: ParticipantEntrypoints;
  readonly #callbacks: ShutdownCallback[] = [];

  /** @internal */
  constructor(parts: JobContextParts<UserData>) {
    this.#parts = parts;
    this.signal = parts.signal;
    this.logger = parts.logger;
    this.inspect = parts.inspect ?? (() => {});
    this.#entrypoints = new ParticipantEntrypoints(parts.connection.room, parts.logger);
  }

  /** The job process, with what `prewarm` prepared. */
  get proc(): JobProcess<UserData> {
    return this.#parts.proc;
  }

  /** The job as the server made it: a plain object with the fields of LiveKit's `Job`. */
  get job(): PlainJob {
    return this.#parts.info.job;
  }

  /** The id of the worker's registration at the time of the job request. */
  get workerId(): string {
    return this.#parts.info.workerId;
  }

  /** The room; not connected before `connect()`. */
  get room(): Room {
    return this.#parts.connection.room;
  }

  /** What the worker handed to this process. Holds the room token. */
  get info(): RunningJobInfo {
    return this.#parts.info;
  }

  /** True for a job without a room. */
  get isFakeJob(): boolean {
    return this.#parts.info.fakeJob ?? false;
  }

  /** The agent in the room, once connected. */
  get agent(): LocalParticipant | undefined {
    return this.room.localParticipant;
  }

  /** A temporary directory for this session, made when first asked for and removed at its end. */
  get sessionDirectory(): string {
    return this.#parts.directory.path;
  }

  /** What the room token says of the agent: identity, attributes, permissions. */
  tokenClaims(): TokenClaims {
    return readTokenClaims(this.#parts.info.token);
  }

  /**
   * Connects to the room. Calls that come while or after it is done change nothing.
   * @throws WorkerError `GR_ROOM_CONNECT_FAILED`; the reason of `ctx.signal` when the session ends meanwhile.
   */
  async connect(
    e2ee?: E2EEOptions,
    autoSubscribe: AutoSubscribe = AutoSubscribe.SUBSCRIBE_ALL,
    rtcConfig?: RtcConfiguration,
  ): Promise<void> {
    await this.#parts.connection.connect({ e2ee, autoSubscribe, rtcConfig });
  }

  /**
   * A participant who is in the room or comes; agents only when their kind is asked for.
   * @throws WorkerError `GR_ROOM_NOT_CONNECTED` before `connect()`, `GR_PARTICIPANT_WAIT` when the time is over or the
   * room disconnects; the reason of the signal that was aborted.
   */
  async waitForParticipant(
    wanted?: string | WaitForParticipantOptions,
  ): Promise<RemoteParticipant> {
    const options = typeof wanted === 'object' ? wanted : { identity: wanted };
    return waitForParticipant(this.room, options, this.signal);
  }

  /**
   * Adds a function that runs for each participant, those in the room and those who come. What it throws is logged.
   * @throws FunctionExistsError when it was added before.
   */
  addParticipantEntrypoint(
    entrypoint: ParticipantEntrypoint<UserData>,
    options: Pick<WaitForParticipantOptions, 'kind'> = {},
  ): void {
    const run = (participant: RemoteParticipant) => entrypoint(this, participant);
    this.#entrypoints.add(entrypoint, run, options.kind);
  }

  /** Adds a function that runs at the end of the session, after the agent has left. All run at the same time. */
  addShutdownCallback(callback: ShutdownCallback): void {
    this.#callbacks.push(callback);
  }

  /** Ends the session: the agent leaves, the room stays. The text is told to callbacks, events and the log. */
  shutdown(reason = ''): void {
    this.#parts.shutdown(reason);
  }

  /** Ends the session for everyone: the room is deleted. */
  endSession(reason = ''): void {
    this.#parts.endSession(reason);
  }

  /**
   * Deletes a room, by default the one of the job, and disconnects everyone in it. A failure is logged.
   * @throws WorkerError `GR_OPTION_INVALID` for another room when the worker keeps the credentials to itself.
   */
  async deleteRoom(roomName?: string): Promise<void> {
    this.#parts.deletion.requireAllowed(roomName);
    try {
      await this.#parts.deletion.delete(roomName);
    } catch (error) {
      this.logger.warn({ err: error }, 'could not delete the room');
    }
  }

  /** Calls the listener at `drain` or `shutdown`; the returned function removes it. */
  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    return this.#parts.listeners.on(name, listener);
  }

  /** @internal */
  get shutdownCallbacks(): readonly ShutdownCallback[] {
    return this.#callbacks;
  }
}
