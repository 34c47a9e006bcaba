/** What `requestFunc` is given: a job that the server offers, to be accepted or rejected once. */
import type { Job as ProtobufJob, ParticipantInfo, Room } from '@livekit/protocol';
import type { AcceptArguments, Job } from '../machines/messages.ts';
import { WorkerError, describeValue } from './errors.ts';

/** How the agent appears in the room. */
export interface JobAcceptOptions {
  name?: string;
  /**
   * Unique in the room: a participant of the same identity would be put out. @defaultValue `agent-<job id>`
   */
  identity?: string;
  metadata?: string;
  attributes?: Record<string, string>;
}

/** How a job request is rejected. */
export interface JobRejectOptions {
  /**
   * Ends the dispatch: no other worker is asked. @defaultValue false
   */
  terminate?: boolean;
  /** Why, for the log and the events; the server is not told. */
  reason?: string;
}

/** Takes the answer to a job request; both throw `GR_REQUEST_ANSWERED` when there is one already. */
export interface RequestAnswers {
  accept: (accept: AcceptArguments) => Promise<void>;
  reject: (rejection: { terminate: boolean; detail: string }) => void;
}

/** Makes LiveKit's class of a plain job. Handed in: the protobuf library takes longer to load than the rest of the public API. */
export type ToProtobuf = (job: Job) => ProtobufJob;

/** The attribute by which others find the agent among the participants. */
const agentNameAttribute = 'lk.agent.name';

/** A job that the server offers. The first answer counts. */
export class JobRequest {
  readonly #job: Job;
  readonly #answers: RequestAnswers;
  readonly #toProtobuf: ToProtobuf;
  #protobuf: ProtobufJob | undefined;

  /** @internal */
  constructor(job: Job, answers: RequestAnswers, toProtobuf: ToProtobuf) {
    this.#job = job;
    this.#answers = answers;
    this.#toProtobuf = toProtobuf;
  }

  /** The id of the job, made by the server. */
  get id(): string {
    return this.#job.id;
  }

  /** The job as LiveKit's protobuf class. */
  get job(): ProtobufJob {
    this.#protobuf ??= this.#toProtobuf(this.#job);
    return this.#protobuf;
  }

  /** The room, as it was when the job was made. */
  get room(): Room | undefined {
    return this.job.room;
  }

  /** The participant the job is for; only jobs of publishers and participants have one. */
  get publisher(): ParticipantInfo | undefined {
    return this.job.participant;
  }

  /** The agent name the job was dispatched to; empty with automatic dispatch. */
  get agentName(): string {
    return this.#job.agentName;
  }

  /**
   * Accepts the job. The answer leaves at once; the promise settles when a job process has the job, or cannot get it.
   * @throws WorkerError `GR_REQUEST_ANSWERED` after another answer, `GR_OPTION_INVALID` for arguments of a wrong type;
   * the promise rejects with AssignmentTimeoutError when the server does not assign the job, and with what kept the job
   * from being launched.
   */
  accept(options?: JobAcceptOptions): Promise<void>;
  accept(
    name?: string,
    identity?: string,
    metadata?: string,
    attributes?: Record<string, string>,
  ): Promise<void>;
  accept(
    first: JobAcceptOptions | string = {},
    identity?: string,
    metadata?: string,
    attributes?: Record<string, string>,
  ): Promise<void> {
    const options =
      typeof first === 'object' && first !== null
        ? first
        : { name: first, identity, metadata, attributes };
    return this.#answers.accept({
      name: text('name', options.name),
      identity: text('identity', options.identity) || `agent-${this.id}`,
      metadata: text('metadata', options.metadata),
      attributes: { ...texts(options.attributes), [agentNameAttribute]: this.agentName },
    });
  }

  /**
   * Rejects the job: the server asks the next worker, unless `terminate` ends the dispatch.
   * @throws WorkerError `GR_REQUEST_ANSWERED` after another answer.
   */
  reject(options: JobRejectOptions = {}): Promise<void> {
    const detail = text('reason', options.reason);
    this.#answers.reject({ terminate: options.terminate === true, detail });
    return Promise.resolve();
  }
}

/** Plain JavaScript may hand over anything: what is no text would fail when it is sent. */
function text(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new WorkerError(
    'GR_OPTION_INVALID',
    `The ${name} of the answer to a job request must be a text, received ${describeValue(value)}.`,
  );
}

function texts(attributes: unknown): Record<string, string> {
  if (attributes === undefined || attributes === null) return {};
  if (typeof attributes !== 'object' || Array.isArray(attributes)) {
    throw new WorkerError(
      'GR_OPTION_INVALID',
      `The attributes of the answer to a job request must be an object of texts, received ${describeValue(attributes)}.`,
    );
  }
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, text(`attribute ${name}`, value)]),
  );
}
