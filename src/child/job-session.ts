/** One session in a job process: the machine, the job context and what they stand on, put together. */
import type { Logger } from 'pino';
import { createActor, type ActorRefFrom } from 'xstate';
import type { LaunchOrder } from '../../machines/messages.ts';
import type { sessionMachine } from '../../machines/session/session.machine.ts';
import type {
  AgentEvent,
  Participant,
  SessionEmitted,
  SessionEvent,
  SessionOutput,
} from '../../machines/session/session.types.ts';
import type { Clock } from '../clock.ts';
import { toFailure } from '../errors.ts';
import type { Credentials, FromJobProcess, SessionLimits } from '../ipc/messages.ts';
import type { AgentDefinition } from './agent-definition.ts';
import { announceAgent } from './announce-agent.ts';
import { runInJobContext } from './job-context-storage.ts';
import { JobContext, type RunningJobInfo } from './job-context.ts';
import type { ChildInspection } from './inspection.ts';
import type { JobProcess } from './job-process.ts';
import { plainJob } from './plain-job.ts';
import { type RoomAddress, RoomConnection } from './room-connection.ts';
import { RoomDeletion } from './room-deletion.ts';
import type { RoomFactory } from './rtc.ts';
import { SessionDirectory } from './session-directory.ts';
import { SessionListeners } from './session-listeners.ts';
import { provideSession, type SessionParts } from './session-steps.ts';

/** What a session is started with. */
export interface JobSessionOptions {
  order: LaunchOrder;
  credentials: Credentials | null;
  limits: SessionLimits;
  /** Whether the room is told of the agent at once. */
  announce: boolean;
  /** Whether the room is connected without running other programs. */
  quickConnect: boolean;
  agent: AgentDefinition;
  proc: JobProcess;
  createRoom: RoomFactory;
  dispose: () => Promise<void>;
  /** False when the worker is gone. */
  send: (message: FromJobProcess) => boolean;
  logger: Logger;
  /** Told of the job before it begins. */
  enterJob: (ctx: JobContext) => void;
  inspection: ChildInspection;
  /** What delays go by; the real time without it. */
  clock?: Clock | undefined;
  /** The session is over. */
  onEnd: (exitCode: number) => void;
}

/** A running session. */
export class JobSession {
  readonly #actor: ActorRefFrom<typeof sessionMachine>;
  readonly #deletion: RoomDeletion;
  readonly #logger: Logger;

  constructor(options: JobSessionOptions) {
    const { order } = options;
    const { job } = order;
    this.#logger = options.logger.child({
      jobId: job.id,
      dispatchId: job.dispatchId,
      room: job.room?.name ?? '',
      agentName: job.agentName,
      workerId: order.workerId,
    });
    const parts = this.#build(options);
    this.#deletion = parts.deletion;
    options.enterJob(parts.ctx);
    this.#actor = createActor(provideSession(parts), {
      input: {
        jobId: job.id,
        roomSid: job.room?.sid ?? '',
        linked: linkedParticipant(order),
        limits: options.limits,
      },
      ...(options.clock !== undefined && { clock: options.clock }),
    });
    this.#actor.on('*', (event) => this.#hear(event, options, parts));
    this.#actor.subscribe({
      error: (error) => this.#broke(error, options),
      complete: () => this.#over(this.#actor.getSnapshot().output, options),
    });
    options.inspection.enter(this.#actor, secretsOf(options));
    this.#actor.start();
  }

  /** Tells the session what happened. */
  send(event: SessionEvent): void {
    if (event.type === 'link.lost') this.#deletion.abandon();
    this.#actor.send(event);
  }

  /** The worker has deleted the room, or could not. */
  roomDeleted(id: number, failure: Parameters<RoomDeletion['settle']>[1]): void {
    this.#deletion.settle(id, failure);
  }

  /** An error that nothing caught ends the session. */
  crash(error: unknown): void {
    this.#logger.error({ err: error }, 'uncaught error: the session ends');
    this.#actor.send({ type: 'process.crashed', failure: toFailure(error, 'GR_UNCAUGHT_ERROR') });
  }

  #build(options: JobSessionOptions): SessionParts {
    const { order, credentials, agent, dispose } = options;
    const { job, url, token } = order;
    const room = job.room?.name ?? '';
    const controller = new AbortController();
    const logger = this.#logger;
    const { signal } = controller;
    const connection = connectionTo(
      { url, token, name: room, isQuick: options.quickConnect },
      options,
      { signal, logger },
    );
    const deletion = new RoomDeletion({ url, jobRoom: room, credentials, send: options.send });
    const directory = new SessionDirectory(job.id);
    const listeners = new SessionListeners(logger);
    const ctx = new JobContext({
      proc: options.proc,
      info: runningJobInfo(order, credentials),
      connection,
      deletion,
      directory,
      listeners,
      inspect: options.inspection.inspect,
      logger,
      signal,
      shutdown: (detail) => this.#ask(agent, { type: 'agent.shutdown', detail }),
      endSession: (detail) => this.#ask(agent, { type: 'agent.endSession', detail }),
    });
    return { agent, ctx, connection, deletion, directory, listeners, controller, logger, dispose };
  }

  /** A machine asks in the middle of a transition, which comes to its end before the session acts on that. */
  #ask(agent: AgentDefinition, event: AgentEvent): void {
    if (agent.session === undefined) this.#actor.send(event);
    else queueMicrotask(() => this.#actor.send(event));
  }

  /** Passes reports on to the worker, and the drain to the agent. */
  #hear(event: SessionEmitted, options: JobSessionOptions, { ctx, listeners }: SessionParts): void {
    if (event.type === 'session.draining') {
      runInJobContext(ctx, () => listeners.tell('drain', { deadlineMs: event.deadlineMs }));
      return;
    }
    this.#note(event);
    options.send(event);
  }

  /** The worker logs the facts; only here the stack of the user's error is at hand, and the end when the worker is gone. */
  #note(event: Exclude<SessionEmitted, { type: 'session.draining' }>): void {
    if (event.type === 'session.warning') {
      this.#logger.warn({ step: event.step, failure: event.failure }, event.failure.message);
    } else if (event.type === 'session.outcome' && event.outcome.failure !== null) {
      const { reason, failure } = event.outcome;
      this.#logger.error({ reason, failure }, `session failed: ${failure.message}`);
    } else {
      this.#logger.debug(event, event.type);
    }
  }

  #over(output: SessionOutput | undefined, options: JobSessionOptions): void {
    options.onEnd(output?.exitCode ?? 1);
  }

  #broke(error: unknown, options: JobSessionOptions): void {
    this.#logger.fatal({ err: error }, 'the session machine failed: this is a bug in greenroom');
    options.onEnd(1);
  }
}

function connectionTo(
  address: RoomAddress,
  { createRoom, announce }: JobSessionOptions,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): RoomConnection {
  const room = createRoom();
  return new RoomConnection(room, address, signal, () => {
    if (announce) void announceAgent(room, address.token, logger);
  });
}

/** What the inspector must show nowhere, whatever the user's code does with it. */
function secretsOf({ order, credentials }: JobSessionOptions): string[] {
  return [
    order.token,
    ...(credentials === null ? [] : [credentials.apiKey, credentials.apiSecret]),
  ];
}

/** Hidden participants are seen by nobody: an agent cannot know when they leave. */
function linkedParticipant({ job: { participant } }: LaunchOrder): Participant | null {
  if (participant === undefined) return null;
  const { permission, identity, sid } = participant;
  const isHidden =
    typeof permission === 'object' &&
    permission !== null &&
    'hidden' in permission &&
    permission.hidden === true;
  return isHidden ? null : { identity, sid };
}

function runningJobInfo(order: LaunchOrder, credentials: Credentials | null): RunningJobInfo {
  const { job, accept, url, token, workerId } = order;
  return { acceptArguments: accept, job: plainJob(job), url, token, workerId, ...credentials };
}
