/** Tells the worker what the actors of the session do, while someone watches. Costs nothing while nobody does. */
import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { WireScope } from '../inspect/wire/writer.ts';
import type { InspectionOrder } from '../ipc/inspection.ts';
import type { Link } from './link.ts';
import { sessionWriter } from './session-writer.ts';

/** How long messages are collected before they are sent. */
const batchMs = 50;

/** How many may wait while the worker is slow; then it is told anew how everything is. */
const maxWaiting = 2_000;

/** A system of actors: the session, or one of the user's own. */
interface Watched {
  root: AnyActorRef;
  isOwn: boolean;
  detach: (() => void) | null;
}

/** The inspector's end in a job process. */
export class ChildInspection {
  readonly #link: Pick<Link, 'deliver'>;
  readonly #systems = new Map<AnyActorRef, Watched>();
  #secrets: readonly string[] = [];
  /** Classes of actors of the copies of XState that the user's packages bring with them. */
  readonly #otherCopies: unknown[] = [];
  #scope: WireScope | null = null;
  #session: AnyActorRef | null = null;
  #waiting: unknown[] = [];
  #isFull = false;
  #isSending = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Pick<Link, 'deliver'>) {
    this.#link = link;
  }

  /** What the worker wants. */
  receive(order: InspectionOrder): void {
    if (order.type === 'inspectSend') this.#send(order.sessionId, order.event);
    else this.#watch(order.scope);
  }

  /** The session is made, and not started. `secrets` are shown nowhere. */
  enter(session: AnyActorRef, secrets: readonly string[]): void {
    this.#session = session;
    this.#secrets = secrets;
    this.#add(session, false);
  }

  /** For the `inspect` option of the user's own root actors: they are shown below the session. */
  readonly inspect = (inspection: InspectionEvent): void => {
    const actor = inspection.actorRef as AnyActorRef;
    if (inspection.type === '@xstate.actor' && actor._parent === undefined) this.#add(actor, true);
    if (inspection.type !== '@xstate.snapshot' || inspection.snapshot.status === 'active') return;
    const system = this.#systems.get(actor);
    // The writer is told of the end after this.
    if (system !== undefined) setImmediate(() => this.#remove(system));
  };

  /** Sends what waits; for the end of the process. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const messages = this.#waiting;
    this.#waiting = [];
    this.#isSending = true;
    void this.#link.deliver({ type: 'inspected', messages }).then(() => this.#sent());
  }

  #watch(scope: WireScope | null): void {
    this.#scope = scope;
    for (const system of this.#systems.values()) this.#detach(system);
    for (const system of this.#systems.values()) this.#attach(system);
  }

  #add(root: AnyActorRef, isOwn: boolean): void {
    const system: Watched = { root, isOwn, detach: null };
    this.#systems.set(root, system);
    this.#attach(system);
  }

  #remove(system: Watched): void {
    this.#detach(system);
    this.#systems.delete(system.root);
  }

  #attach(system: Watched): void {
    const scope = this.#scope;
    if (scope === null || system.detach !== null) return;
    const writer = sessionWriter({
      send: (message) => this.#tell(message),
      scope: this.#scopeOf(system, scope),
      secrets: this.#secrets,
    });
    system.detach = writer.attach(system.root);
  }

  /** The user's own systems hang below the session. Each copy of XState counts its actors from `x:0`. */
  #scopeOf({ root, isOwn }: Watched, scope: WireScope): WireScope {
    const session = this.#session;
    if (!isOwn || session === null) return scope;
    const parentId = `${scope.prefix}/${session.sessionId}`;
    if (root.constructor === session.constructor) return { ...scope, parentId };
    if (!this.#otherCopies.includes(root.constructor)) this.#otherCopies.push(root.constructor);
    const copy = this.#otherCopies.indexOf(root.constructor) + 2;
    return { ...scope, parentId, prefix: `${scope.prefix}/copy${copy}` };
  }

  #detach(system: Watched): void {
    system.detach?.();
    system.detach = null;
  }

  #tell(message: unknown): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#waiting = [];
      this.#isFull = true;
    }
    if (this.#isFull) return;
    this.#waiting.push(message);
    if (!this.#isSending) this.#timer ??= setTimeout(() => this.flush(), batchMs).unref();
  }

  #sent(): void {
    this.#isSending = false;
    if (!this.#isFull) return this.flush();
    this.#isFull = false;
    this.#watch(this.#scope);
  }

  /** An event of someone who watches; there may be no such actor any more. */
  #send(sessionId: string, event: { type: string }): void {
    const scope = this.#scope;
    if (scope === null) return;
    for (const system of this.#systems.values()) {
      const prefix = `${this.#scopeOf(system, scope).prefix}/`;
      if (!sessionId.startsWith(prefix)) continue;
      find(system.root, sessionId.slice(prefix.length), 0)?.send(event);
    }
  }
}

function find(actor: AnyActorRef, sessionId: string, depth: number): AnyActorRef | undefined {
  if (actor.sessionId === sessionId || depth > 50) {
    return actor.sessionId === sessionId ? actor : undefined;
  }
  const snapshot = actor.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined;
  for (const child of Object.values(snapshot?.children ?? {})) {
    const found = child === undefined ? undefined : find(child, sessionId, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
