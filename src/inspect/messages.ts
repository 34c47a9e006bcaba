/**
 * What is in an inspection stream and in a recording: Stately's wire objects with fields of ours, and what only our page
 * knows. Types and a few plain values: server, page and other writers load this file. How they travel: `frames.ts`.
 *
 * Times (`at`) are ms since 1970, with fractions, taken when the thing happened, in the process where it happened. `seq`
 * counts the messages in the order in which the hub had them.
 */

/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An object as JSON has it. */
export type JsonObject = { [key: string]: Json };

/** An event of an actor, on the wire: redacted and bounded. */
export type WireEvent = JsonObject & { type: string };

/**
 * A snapshot on the wire: redacted and bounded. References to actors inside it are `WireRef`s. Actors that are no machines
 * have no `value`; whatever else their snapshot has stands beside `status` (`context` of transition logic and so on).
 */
export type WireSnapshot = JsonObject & {
  status: 'active' | 'done' | 'error' | 'stopped';
  value?: Json;
  context?: Json;
  output?: Json;
  /** `{ name, message, code?, stack? }` for what was an Error. */
  error?: Json;
  tags?: Json;
  /** By their ids in the parent. */
  children?: Json;
};

/** How a reference to an actor looks inside context, input and events; `id` is a `sessionId`. */
export interface WireRef {
  xstate$$type: 1;
  id: string;
}

/** What was put in place of a secret. */
export const REDACTED = '<redacted>';

/** What every message of Stately's format has. Messages of other writers have these alone, and `at` comes from `createdAt`. */
export interface StatelyFields {
  /** The actor it is about: unique in the stream. Those of other processes have a scope: `x:7/x:0`. */
  sessionId: string;
  /** The root of the tree: one for all processes of a worker. */
  rootId: string;
  id: null;
  /** ms since 1970, whole, as text. */
  createdAt: string;
  _version: string;
}

/** What our writers and the hub add; optional, as other writers do not know it. */
export interface OwnFields {
  seq?: number;
  /** When it happened: ms since 1970, with fractions. */
  at?: number;
  /** The operating-system process it happened in. */
  pid?: number;
}

type Fields = StatelyFields & OwnFields;

/** What an actor's logic is. */
export type ActorKind = 'machine' | 'promise' | 'callback' | 'observable' | 'transition' | 'other';

/** An actor was made. It may come again for the same `sessionId`, with what is known by then: the later one holds. */
export interface ActorMessage extends Fields {
  type: '@xstate.actor';
  /** For people: the `systemId`, else the id in the parent. */
  name: string;
  /** Absent at a root; the parent may be in another process. */
  parentId?: string;
  /** JSON text of the machine's config; of `{"id": …}` for other logic. Absent in our stream: see `definitionId`. */
  definition?: string;
  snapshot: WireSnapshot;
  /** Which `DefinitionMessage` holds the definition of a machine; that one came before. Other logic has none. */
  definitionId?: string;
  /** The id in the parent, such as `job.1` or `decision`. */
  actorId?: string;
  systemId?: string;
  /** The name of the logic in its parent, such as `decideRequest`. */
  src?: string;
  kind?: ActorKind;
  /** The id of the machine, such as `jobProcess`. */
  machineId?: string;
  input?: Json;
}

/** An event was sent. It comes before the snapshot that it leads to. */
export interface EventMessage extends Fields {
  type: '@xstate.event';
  /** Who sent it; absent when nobody knows. `sessionId` is who gets it. */
  sourceId?: string;
  event: WireEvent;
}

/** An actor has taken an event. The last one of an actor has a `status` other than `active`. */
export interface SnapshotMessage extends Fields {
  type: '@xstate.snapshot';
  event: WireEvent;
  snapshot: WireSnapshot;
  /** The transitions of all microsteps, in order; empty when the event changed nothing. */
  transitions?: TakenTransition[];
  /** True when the process died with the actor in it: the snapshot is the last one known, made `stopped`. */
  isLost?: boolean;
}

/** One transition that a machine took: the `index`-th candidate of `eventType` in the state node `source`. */
export interface TakenTransition {
  /** Id of the state node, such as `job.closing`. */
  source: string;
  /** Ids of the targets; empty for a transition without one. */
  targets: string[];
  /** Empty for `always`. Delays are `xstate.after.<delay>.<id>`, ends of actors `xstate.done.actor.<id>`. */
  eventType: string;
  index: number;
}

/** The definition of a machine, once for all its actors. Only in our own stream: Stately's has it in each actor. */
export interface DefinitionMessage extends OwnFields {
  type: '@greenroom.definition';
  definitionId: string;
  /** JSON text of the machine's config. Functions are `{ "type": name }`. */
  definition: string;
}

/** What the header of the page shows; comes at the start and whenever it changes. */
export interface WorkerMessage extends OwnFields {
  type: '@greenroom.worker';
  /** The worker's actor. */
  sessionId: string;
  worker: WorkerFacts;
}

/** How the worker is. */
export interface WorkerFacts {
  version: string;
  /** The worker machine's state, such as `running.available`. */
  state: string;
  registrations: RegistrationFacts[];
  load: number;
  /** `null`: no limit. */
  loadThreshold: number | null;
  /** What the server was told last. */
  told: { status: 'available' | 'full'; load: number } | null;
  slots: { reserved: number; running: number; max: number | null };
  /** `wanted` is how many are kept warm. */
  processes: { warming: number; warm: number; claimed: number; stopping: number; wanted: number };
  drain: DrainFacts | null;
  /** Set when the worker has ended. */
  outcome: string | null;
}

/** One registration. */
export interface RegistrationFacts {
  key: string;
  sessionId: string;
  agentName: string;
  isRegistered: boolean;
  /** The server's id; empty while it is not registered. */
  workerId: string;
}

/** How far a drain has come. */
export interface DrainFacts {
  since: number;
  /** When the sessions are ended; `null`: never. */
  deadline: number | null;
  jobsAtStart: number;
  jobsLeft: number;
}

/** Where a job stands; comes at its start and whenever it changes. For the timeline, and for the tree: the process of a job is shown below it. */
export interface JobMessage extends OwnFields {
  type: '@greenroom.job';
  /** The job's actor. Slots are reused, session ids are not. */
  sessionId: string;
  job: JobWireFacts;
}

/** One job in short. */
export interface JobWireFacts {
  jobId: string;
  dispatchId: string;
  room: string;
  agentName: string;
  slot: string;
  phase: JobWirePhase;
  /** The `jobProcess` actor that it holds; its own `parentId` stays the pool. */
  processId: string | null;
  pid: number | null;
  /** How it ended: an outcome of the job machine, such as `succeeded` or `rejected`. */
  outcome: string | null;
  /** The reason of the session's close or of the rejection. */
  reason: string | null;
  failure: { code: string; message: string } | null;
}

/** The colours of the timeline. */
export type JobWirePhase = 'deciding' | 'accepted' | 'launching' | 'running' | 'closing' | 'ended';

/** Everything that is in a stream and in a recording. */
export type InspectMessage =
  | ActorMessage
  | EventMessage
  | SnapshotMessage
  | DefinitionMessage
  | WorkerMessage
  | JobMessage;

/** The part of it that Stately's tools understand. */
export type StatelyMessage = ActorMessage | EventMessage | SnapshotMessage;
