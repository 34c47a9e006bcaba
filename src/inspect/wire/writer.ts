/**
 * XState's inspection events as messages of the stream: stamped when they happen, redacted, bounded. Nothing here throws,
 * as an observer that throws stops the actor it observes for ever.
 */
import type { AnyActorRef, AnyEventObject, InspectionEvent } from 'xstate';
import {
  type ActorMessage,
  type InspectMessage,
  type OwnFields,
  REDACTED,
  type StatelyFields,
  type TakenTransition,
  type WireEvent,
  type WireSnapshot,
} from '../messages.ts';
import { DefinitionWriter } from './definition.ts';
import { kindOf, machineConfig } from './kinds.ts';
import { type PlainOptions, messageLimits, toPlain, toPlainFields } from './plain.ts';
import { Redactor } from './redact.ts';
import { type ActorInside, takenTransitions, wireSnapshot } from './snapshot.ts';

/** The version of Stately's format that is spoken. */
const STATELY_VERSION = '0.7.2';

/** Where the actors of another process hang in the tree. */
export interface WireScope {
  /** Stands before each of its ids: `x:7` makes `x:7/x:0`. */
  prefix: string;
  /** The actor above its root. */
  parentId: string;
  rootId: string;
}

/** What a writer is made with. */
export interface WireWriterOptions {
  /** Gets each message; what it throws is lost. */
  send: (message: InspectMessage) => void;
  scope?: WireScope | undefined;
  /** Texts that are secret wherever they stand, beside what names and forms tell. */
  secrets?: readonly string[];
  /** Machines whose definitions the reader has, by their configs: what it calls them. */
  known?: ReadonlyMap<object, string>;
  /** Actors whose contexts and events are never changed in place: what was written of them once is taken again. */
  isImmutable?: (actor: AnyActorRef) => boolean;
  /**
   * ms since 1970. @defaultValue `Date.now`
   */
  now?: () => number;
}

/** Writes what the actors of one system do. */
export class WireWriter {
  readonly #options: WireWriterOptions;
  readonly #plain: PlainOptions;
  readonly #remembering: PlainOptions;
  readonly #definitions: DefinitionWriter;
  readonly #told = new Set<string>();
  readonly #known = new WeakSet<AnyActorRef>();
  readonly #ended = new WeakSet<AnyActorRef>();
  readonly #taken = new WeakMap<AnyActorRef, TakenTransition[]>();
  /** The last event: it is told when it is sent, and again with the snapshot that it leads to. */
  #last: { event: AnyEventObject; shown: WireEvent } | null = null;

  constructor(options: WireWriterOptions) {
    this.#options = options;
    const prefix = options.scope === undefined ? '' : `${options.scope.prefix}/`;
    const redactor = new Redactor(options.secrets);
    this.#plain = { redactor, limits: messageLimits, idOf: (id) => prefix + id };
    this.#remembering = { ...this.#plain, memory: new WeakMap() };
    this.#definitions = new DefinitionWriter(this.#plain);
  }

  /** For the `inspect` option of a root actor. */
  readonly inspect = (inspection: InspectionEvent): void => {
    try {
      this.#write(inspection);
    } catch {
      // Better a message less than an actor that stands still.
    }
  };

  /** Tells of every actor there is below `root`, then of what happens; the returned function ends that. */
  attach(root: AnyActorRef): () => void {
    try {
      this.#tellTree(root, root.sessionId, 0);
    } catch {
      // As above.
    }
    const subscription = root.system.inspect(this.inspect);
    return () => subscription.unsubscribe();
  }

  /** Tells how an actor is now. A root that failed by an error says nothing by itself. */
  tellEnd(actor: AnyActorRef): void {
    try {
      this.#tellError(actor, rootOf(actor).sessionId);
    } catch {
      // As above.
    }
  }

  #write(inspection: InspectionEvent): void {
    const { rootId } = inspection;
    const actor = inspection.actorRef as AnyActorRef;
    switch (inspection.type) {
      case '@xstate.actor':
        if (!this.#known.has(actor)) this.#tellActor(actor, rootId, undefined);
        return;
      case '@xstate.microstep':
        this.#noteStep(inspection);
        return;
      case '@xstate.event':
        this.#tellEvent(actor, rootId, inspection.event, inspection.sourceRef as AnyActorRef);
        return;
      case '@xstate.snapshot':
        this.#tellSnapshot(actor, rootId, inspection.event, inspection.snapshot);
        return;
      default:
    }
  }

  #tellEvent(
    actor: AnyActorRef,
    rootId: string,
    event: AnyEventObject,
    source: AnyActorRef | undefined,
  ): void {
    this.#introduce(actor, rootId);
    if (source !== undefined && event.type.startsWith('xstate.error.actor.')) {
      this.#tellError(source, rootId);
    }
    this.#options.send({
      type: '@xstate.event',
      ...this.#fields(actor, rootId),
      ...(source === undefined ? {} : { sourceId: this.#plain.idOf(source.sessionId) }),
      event: this.#event(actor, event),
    });
  }

  /** An actor that was there before anyone watched, and that no snapshot names. */
  #introduce(actor: AnyActorRef, rootId: string): void {
    if (!this.#known.has(actor)) this.#tellActor(actor, rootId, actor.getSnapshot());
  }

  #tellTree(actor: AnyActorRef, rootId: string, depth: number): void {
    const snapshot = actor.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined;
    this.#tellActor(actor, rootId, snapshot);
    if (depth > 50) return;
    for (const child of Object.values(snapshot?.children ?? {})) {
      if (child !== undefined) this.#tellTree(child, rootId, depth + 1);
    }
  }

  #tellActor(actor: AnyActorRef, rootId: string, snapshot: unknown): void {
    this.#known.add(actor);
    const config = machineConfig(actor);
    const machine = config === null ? {} : this.#machine(config);
    this.#options.send({
      type: '@xstate.actor',
      ...this.#fields(actor, rootId),
      ...this.#identity(actor),
      name: nameOf(actor),
      ...machine,
      kind: kindOf(actor),
      snapshot: this.#snapshot(actor, snapshot),
    });
  }

  #machine(config: { id?: string }): Pick<ActorMessage, 'definitionId' | 'machineId'> {
    const definitionId = this.#options.known?.get(config) ?? this.#define(config);
    return { definitionId, ...(config.id === undefined ? {} : { machineId: config.id }) };
  }

  /** Tells the definition, unless it was told; the answer is its id. */
  #define(config: object): string {
    const { id: definitionId, text: definition } = this.#definitions.of(config);
    if (!this.#told.has(definitionId)) {
      this.#told.add(definitionId);
      this.#options.send({ type: '@greenroom.definition', definitionId, definition });
    }
    return definitionId;
  }

  #identity(actor: AnyActorRef): Partial<ActorMessage> {
    const { options, systemId = options?.systemId, src } = actor as ActorInside;
    const identity: Partial<ActorMessage> = { actorId: actor.id };
    const parentId =
      actor._parent === undefined
        ? this.#options.scope?.parentId
        : this.#plain.idOf(actor._parent.sessionId);
    if (parentId !== undefined) identity.parentId = parentId;
    if (systemId !== undefined) identity.systemId = systemId;
    if (typeof src === 'string') identity.src = src;
    if (options?.input !== undefined)
      identity.input = toPlain(options.input, this.#plainFor(actor), 'input');
    return identity;
  }

  #noteStep(step: { actorRef: unknown; _transitions?: readonly unknown[] }): void {
    const actor = step.actorRef as AnyActorRef;
    const taken = takenTransitions(step._transitions ?? []);
    const before = this.#taken.get(actor);
    if (before === undefined) this.#taken.set(actor, taken);
    else before.push(...taken);
  }

  #tellSnapshot(
    actor: AnyActorRef,
    rootId: string,
    event: AnyEventObject,
    snapshot: unknown,
  ): void {
    this.#introduce(actor, rootId);
    const transitions = this.#taken.get(actor) ?? [];
    this.#taken.delete(actor);
    const shown = this.#snapshot(actor, snapshot);
    if (shown.status !== 'active') this.#ended.add(actor);
    this.#options.send({
      type: '@xstate.snapshot',
      ...this.#fields(actor, rootId),
      event: this.#event(actor, event),
      snapshot: shown,
      transitions,
    });
  }

  /** A throw in an actor ends it without a snapshot; its parent's event is the first sign of it. */
  #tellError(actor: AnyActorRef, rootId: string): void {
    const snapshot = actor.getSnapshot() as { status?: unknown; error?: unknown } | undefined;
    if (this.#ended.has(actor) || snapshot?.status !== 'error') return;
    const event = { type: `xstate.error.actor.${actor.id}`, error: snapshot.error };
    this.#tellSnapshot(actor, rootId, event, snapshot);
  }

  #snapshot(actor: AnyActorRef, snapshot: unknown): WireSnapshot {
    return wireSnapshot(snapshot, nameOf(actor), this.#plainFor(actor));
  }

  #plainFor(actor: AnyActorRef): PlainOptions {
    return this.#options.isImmutable?.(actor) === true ? this.#remembering : this.#plain;
  }

  #event(actor: AnyActorRef, event: AnyEventObject): WireEvent {
    if (this.#last?.event === event) return this.#last.shown;
    const shown = this.#shownEvent(actor, event);
    this.#last = { event, shown };
    return shown;
  }

  #shownEvent(actor: AnyActorRef, event: AnyEventObject): WireEvent {
    const { type, ...fields } = event;
    // The output of an actor that is called `fetchToken` is a token, on its way to itself and to its parent.
    const [field, name] = type.startsWith('xstate.promise.')
      ? ['data', nameOf(actor)]
      : ['output', type];
    const isHidden = field in fields && this.#plain.redactor.hides(name, '');
    const shown = isHidden ? { ...fields, [field]: REDACTED } : fields;
    return {
      ...toPlainFields(shown, this.#plainFor(actor)),
      type: this.#plain.redactor.text(type),
    };
  }

  #fields(actor: AnyActorRef, rootId: string): StatelyFields & OwnFields {
    const at = (this.#options.now ?? Date.now)();
    return {
      sessionId: this.#plain.idOf(actor.sessionId),
      rootId: this.#options.scope?.rootId ?? rootId,
      id: null,
      createdAt: String(Math.floor(at)),
      _version: STATELY_VERSION,
      at,
      pid: process.pid,
    };
  }
}

function nameOf(actor: AnyActorRef): string {
  const { systemId, options } = actor as ActorInside;
  const own = systemId ?? options?.systemId;
  if (own !== undefined) return own;
  return actor.id === actor.sessionId ? (machineConfig(actor)?.id ?? actor.id) : actor.id;
}

/** The root of an actor's system. */
export function rootOf(actor: AnyActorRef): AnyActorRef {
  let root = actor;
  while (root._parent !== undefined) root = root._parent;
  return root;
}
