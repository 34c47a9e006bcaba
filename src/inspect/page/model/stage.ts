/** How everything was at one moment: the messages up to there, folded. */
import type {
  ActorKind,
  ActorMessage,
  InspectMessage,
  JobWireFacts,
  Json,
  SnapshotMessage,
  TakenTransition,
  WireEvent,
  WireSnapshot,
  WorkerFacts,
} from '../../messages.ts';

/** An actor at one moment; never changed, only replaced. */
export interface ActorState {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly kind: ActorKind;
  readonly machineId: string;
  readonly src: string;
  /** The text of its machine's config; `null` for other logic. */
  readonly definition: string | null;
  readonly pid: number | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Its process died with it. */
  readonly isLost: boolean;
  readonly snapshot: WireSnapshot;
  /** The last event it took, and what it had been before. */
  readonly lastEvent: WireEvent | null;
  readonly lastTransitions: readonly TakenTransition[] | null;
  readonly valueBefore: Json;
  readonly changedAt: number;
}

/** What is known of a job. */
export interface JobState extends JobWireFacts {
  readonly since: number;
}

/** How many ended actors are kept, the longest ended being forgotten first. */
const keptEnded = 600;

/** What the definitions of the stream are called; they do not change with time. */
export type Definitions = ReadonlyMap<string, string>;

/** How everything was. */
export class Stage {
  readonly actors: Map<string, ActorState>;
  readonly jobs: Map<string, JobState>;
  readonly #ended: Set<string>;
  worker: WorkerFacts | null;

  constructor(from?: Stage) {
    this.actors = new Map(from?.actors);
    this.jobs = new Map(from?.jobs);
    this.#ended = new Set(from === undefined ? [] : from.#ended);
    this.worker = from?.worker ?? null;
  }

  /** Takes one message, in time that does not depend on how many came before. */
  apply(message: InspectMessage, at: number, definitions: Definitions): void {
    switch (message.type) {
      case '@xstate.actor':
        this.#addActor(message, at, definitions);
        break;
      case '@xstate.snapshot':
        this.#takeSnapshot(message, at);
        break;
      case '@greenroom.worker':
        this.worker = message.worker;
        break;
      case '@greenroom.job':
        this.jobs.set(message.sessionId, { ...message.job, since: at });
        break;
      case '@xstate.event':
      case '@greenroom.definition':
        break;
    }
  }

  /** Forgets everything: what follows says how it is now. */
  clear(): void {
    this.actors.clear();
    this.jobs.clear();
    this.#ended.clear();
    this.worker = null;
  }

  #addActor(message: ActorMessage, at: number, definitions: Definitions): void {
    const { sessionId, snapshot } = message;
    const before = this.actors.get(sessionId) ?? unborn(at);
    const definition = definitionOf(message, definitions);
    const kind = message.kind ?? kindOf(definition);
    const hasEnded = snapshot.status !== 'active';
    this.actors.set(sessionId, {
      ...before,
      id: sessionId,
      name: nameOf(message),
      ...placeOf(message),
      kind,
      machineId: message.machineId ?? idIn(definition),
      definition: kind === 'machine' ? definition : null,
      endedAt: hasEnded ? (before.endedAt ?? at) : null,
      snapshot,
      changedAt: at,
    });
    if (hasEnded) this.#noteEnded(sessionId);
  }

  #takeSnapshot(message: SnapshotMessage, at: number): void {
    const actor = this.actors.get(message.sessionId);
    if (actor === undefined) return;
    const hasEnded = message.snapshot.status !== 'active';
    this.actors.set(actor.id, {
      ...actor,
      snapshot: message.snapshot,
      lastEvent: message.event,
      lastTransitions: message.transitions ?? null,
      valueBefore: actor.snapshot.value ?? null,
      changedAt: at,
      endedAt: hasEnded ? (actor.endedAt ?? at) : null,
      isLost: message.isLost ?? actor.isLost,
    });
    if (hasEnded) this.#noteEnded(actor.id);
  }

  #noteEnded(id: string): void {
    this.#ended.add(id);
    if (this.#ended.size <= keptEnded) return;
    const [oldest] = this.#ended;
    if (oldest === undefined) return;
    this.#ended.delete(oldest);
    this.actors.delete(oldest);
    this.jobs.delete(oldest);
  }
}

/** An invoked actor without an id of its own has one that XState made: its logic tells more. */
function nameOf({ name, src }: ActorMessage): string {
  return /^\d+\./.test(name) && src !== undefined ? src : name;
}

/** What of an actor is known before its first message. */
function unborn(
  at: number,
): Pick<
  ActorState,
  'startedAt' | 'endedAt' | 'isLost' | 'lastEvent' | 'lastTransitions' | 'valueBefore'
> {
  return {
    startedAt: at,
    endedAt: null,
    isLost: false,
    lastEvent: null,
    lastTransitions: null,
    valueBefore: null,
  };
}

function placeOf(message: ActorMessage): Pick<ActorState, 'parentId' | 'src' | 'pid'> {
  const { parentId, src, pid } = message;
  return { parentId: parentId ?? null, src: src ?? '', pid: pid ?? null };
}

function definitionOf(message: ActorMessage, definitions: Definitions): string {
  const { definition, definitionId } = message;
  return definition ?? definitions.get(definitionId ?? '') ?? '';
}

/** Other writers do not say what an actor is; the definition of all but machines is an id alone. */
function kindOf(definition: string): ActorKind {
  return /"(?:states|on|initial|invoke)":/.test(definition) ? 'machine' : 'other';
}

function idIn(definition: string): string {
  return /^\{"id":"((?:[^"\\]|\\.)*)"/.exec(definition)?.[1] ?? '';
}
