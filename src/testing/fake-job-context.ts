/** A job context without a job: to call an agent's `entry` by itself, in a simulated room that is only in memory. */
import { AvailabilityResponse } from '@livekit/protocol';
import { type Logger, pino } from 'pino';
import type { CloseReason, Job } from '../../machines/messages.ts';
import { runInJobContext } from '../child/job-context-storage.ts';
import { JobContext } from '../child/job-context.ts';
import { JobProcess } from '../child/job-process.ts';
import { plainJob } from '../child/plain-job.ts';
import { RoomConnection } from '../child/room-connection.ts';
import { RoomDeletion } from '../child/room-deletion.ts';
import { SessionDirectory } from '../child/session-directory.ts';
import { SessionListeners } from '../child/session-listeners.ts';
import { type Caller, joinAsCaller } from './caller.ts';
import { realTime, type TimeSource } from './clock.ts';
import { DispatchServer } from './dispatch-server/dispatch-server.ts';
import { createJobToken } from './dispatch-server/job-token.ts';
import type { JoinInput } from './dispatch-server/participant.ts';
import { resolveSettings } from './dispatch-server/settings.ts';
import { memoryLink } from './rooms/links.ts';
import { RoomClient } from './rooms/room-client.ts';
import { Seats } from './rooms/seats.ts';

/** What a fake job context is made of; all of it may be left out. */
export interface FakeJobContextOptions<UserData> {
  /** Name of the room. @defaultValue 'test-room' */
  room?: string;
  /** The agent in the room. @defaultValue 'test-agent' */
  identity?: string;
  /** Fields of the job, such as `metadata` and `attributes`. */
  job?: Partial<Job>;
  /** What `prewarm` would have prepared. */
  userData?: UserData;
  /** @defaultValue silent */
  logger?: Logger;
  /** How long the waits of callers last. @defaultValue 5000 ms */
  waitTimeoutMs?: number;
}

/** Why a fake job ended. */
export interface FakeJobEnd {
  reason: CloseReason;
  detail: string;
}

/** Makes a job context for the unit test of an `entry`. */
export function createFakeJobContext<UserData = Record<string, unknown>>(
  options: FakeJobContextOptions<UserData> = {},
): FakeJob<UserData> {
  return new FakeJob(options);
}

/** Ticks of an empty room are no reason for a test to go on. */
const quietTime: TimeSource = {
  ...realTime,
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
};

/** A job context, and what a test does around it. */
export class FakeJob<UserData = Record<string, unknown>> implements AsyncDisposable {
  /** For `entry`. */
  readonly ctx: JobContext<UserData>;
  /** The server whose rooms these are; nothing listens. */
  readonly server: DispatchServer;
  /** Settles when the job ends: by `ctx.shutdown()`, `ctx.endSession()`, or `end()`. */
  readonly ended: Promise<FakeJobEnd>;
  readonly #seats: Seats;
  readonly #roomName: string;
  readonly #waitTimeoutMs: number;
  readonly #controller = new AbortController();
  readonly #connection: RoomConnection;
  readonly #listeners: SessionListeners;
  readonly #directory: SessionDirectory;
  #settle!: (end: FakeJobEnd) => void;
  #end: Promise<FakeJobEnd> | null = null;

  /** @internal */
  constructor(options: FakeJobContextOptions<UserData>) {
    const { room = 'test-room', identity = 'test-agent', waitTimeoutMs = 5_000 } = options;
    this.#roomName = room;
    this.#waitTimeoutMs = waitTimeoutMs;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    this.server = new DispatchServer(resolveSettings({ clock: quietTime }));
    this.#seats = new Seats(this.server);
    const job = jobOf(options.job ?? {}, this.server.createRoom(room));
    const logger = options.logger ?? pino({ level: 'silent' });
    const address = { url: this.server.url, token: this.#token(identity), name: room };
    const client = new RoomClient(async () => this.#link());
    this.#connection = new RoomConnection(client.asRoom(), address, this.#controller.signal);
    this.#listeners = new SessionListeners(logger);
    this.#directory = new SessionDirectory(job.id);
    const proc = new JobProcess<UserData>();
    if (options.userData !== undefined) proc.userData = options.userData;
    const accept = { name: '', identity, metadata: '' };
    this.ctx = new JobContext({
      proc,
      info: { acceptArguments: accept, job: plainJob(job), ...address, workerId: 'AW_test' },
      connection: this.#connection,
      deletion: this.#deletion(),
      directory: this.#directory,
      listeners: this.#listeners,
      logger,
      signal: this.#controller.signal,
      // Nobody watches.
      inspect: () => {},
      shutdown: (detail) => void this.end('agent-ended', detail),
      endSession: (detail) => void this.end('session-ended', detail),
    });
  }

  /** Calls a function, such as an agent's `entry`, as part of the job: `getJobContext()` works in it. */
  run<Result>(entry: (ctx: JobContext<UserData>) => Result): Result {
    return runInJobContext(this.ctx as JobContext<unknown>, () => entry(this.ctx));
  }

  /** Lets a participant into the room; the test plays it. */
  join(who: string | JoinInput): Promise<Caller> {
    const place = { server: this.server, seats: this.#seats };
    return joinAsCaller(place, this.#roomName, who, { waitTimeoutMs: this.#waitTimeoutMs });
  }

  /** The worker drains: tells the listeners of `ctx.on('drain')`. */
  drain(deadlineMs: number | null = null): void {
    this.#listeners.tell('drain', { deadlineMs });
  }

  /**
   * Ends the job as a session close does: `ctx.signal` is aborted, listeners are told, the agent leaves, shutdown callbacks
   * run. Without the limits and the reports; what a callback throws is thrown. The first end counts.
   */
  end(reason: CloseReason = 'room-closed', detail = ''): Promise<FakeJobEnd> {
    this.#end ??= this.#close({ reason, detail });
    return this.#end;
  }

  /** Ends the job, and forgets its room. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    this.server.closeRoom(this.#roomName);
  }

  async #close(end: FakeJobEnd): Promise<FakeJobEnd> {
    const error = new Error(`The session ends: ${end.reason}.`);
    error.name = 'AbortError';
    this.#controller.abort(error);
    this.#listeners.tell('shutdown', end);
    await this.#connection.settled();
    if (end.reason === 'session-ended') this.server.closeRoom(this.#roomName);
    await this.#connection.leave();
    this.#directory.remove();
    this.#settle(end);
    await Promise.all(
      this.ctx.shutdownCallbacks.map(async (callback) => callback(end.reason, end.detail)),
    );
    return end;
  }

  #link() {
    const [own, other] = memoryLink();
    this.#seats.admit(other);
    return own;
  }

  #token(identity: string): string {
    return createJobToken({
      apiKey: this.server.apiKey,
      secret: this.server.apiSecret,
      room: this.#roomName,
      agentName: 'test-agent',
      answer: new AvailabilityResponse({ participantIdentity: identity }),
      permissions: null,
    });
  }

  #deletion(): RoomDeletion {
    const deletion = new RoomDeletion({
      url: this.server.url,
      jobRoom: this.#roomName,
      credentials: null,
      send: (message) => {
        if (message.type !== 'session.deleteRoom') return false;
        this.server.closeRoom(this.#roomName);
        queueMicrotask(() => deletion.settle(message.id, null));
        return true;
      },
    });
    return deletion;
  }
}

function jobOf(given: Partial<Job>, { name, sid }: { name: string; sid: string }): Job {
  return {
    id: 'AJ_test',
    dispatchId: 'AD_test',
    type: 0,
    agentName: 'test-agent',
    metadata: '',
    deployment: '',
    attributes: {},
    ...given,
    room: { ...given.room, name, sid },
  };
}
