/**
 * Messages that come from elsewhere, checked and made anew: from apps (Stately's format or ours) and from job processes,
 * which run the user's code. Their ids get a scope, and what apps send has its secrets taken out.
 */
import type {
  DefinitionMessage,
  InspectMessage,
  OwnFields,
  StatelyFields,
  TakenTransition,
  WireEvent,
  WireSnapshot,
} from './messages.ts';
import { DefinitionWriter, definitionOf } from './wire/definition.ts';
import { type PlainOptions, messageLimits, toPlain, toPlainFields } from './wire/plain.ts';
import { Redactor } from './wire/redact.ts';
import { wireSnapshot } from './wire/snapshot.ts';

/** Where the actors of a stream belong. */
export interface ForeignScope {
  /** Stands before each of its ids. */
  prefix: string;
  /** Set where the ids have that prefix already: those that have not are refused. */
  isScoped?: boolean;
  /** The actor above its roots, and the root of the whole tree. */
  parentId?: string;
  rootId?: string;
}

type Fields = Record<string, unknown>;

const maxIdLength = 200;
const maxDefinitionLength = 2_000_000;
const maxTransitions = 200;
const statuses: readonly unknown[] = ['active', 'done', 'error', 'stopped'];

/** Ends the reading of a message that is none of ours. */
class NotOurs extends Error {}

/** Reads the messages of one stream. */
export class ForeignReader {
  readonly #scope: ForeignScope;
  readonly #plain: PlainOptions;
  readonly #definitions: DefinitionWriter;
  /** What a definition is called there, and here. */
  readonly #ids = new Map<string, string>();
  readonly #known: ReadonlyMap<string, string>;

  /** `known`: definitions that are here already, by what they are called there. */
  constructor(scope: ForeignScope, known: ReadonlyMap<string, string> = new Map()) {
    this.#scope = scope;
    this.#known = known;
    const idOf = (id: string): string => this.#scoped(id);
    this.#plain = { redactor: new Redactor(), limits: messageLimits, idOf };
    this.#definitions = new DefinitionWriter(this.#plain);
  }

  /** The messages that it becomes; none when it is not one. */
  read(message: unknown): InspectMessage[] {
    try {
      return this.#read(record(message));
    } catch {
      return [];
    }
  }

  #read(fields: Fields): InspectMessage[] {
    switch (fields['type']) {
      case '@xstate.actor':
        return this.#actor(fields);
      case '@xstate.event': {
        const { sourceId } = fields;
        const source = typeof sourceId === 'string' ? { sourceId: this.#id(sourceId) } : {};
        const event = this.#event(fields['event']);
        return [{ type: '@xstate.event', ...this.#common(fields), ...source, event }];
      }
      case '@xstate.snapshot':
        return [this.#snapshot(fields)];
      case '@greenroom.definition':
        return [this.#namedDefinition(fields)];
      default:
        return [];
    }
  }

  #actor(fields: Fields): InspectMessage[] {
    const { definition, input } = fields;
    const own = typeof definition === 'string' ? this.#definition(definition) : null;
    const name = text(fields['name'] ?? fields['sessionId']);
    const actor: InspectMessage = {
      type: '@xstate.actor',
      ...this.#common(fields),
      ...texts(fields, ['actorId', 'systemId', 'src', 'machineId', 'kind']),
      ...this.#definitionId(fields, own),
      ...this.#parent(fields),
      name,
      ...(input === undefined ? {} : { input: toPlain(input, this.#plain, 'input') }),
      snapshot: this.#snapshotOf(fields['snapshot'], name),
    };
    return own === null ? [actor] : [own, actor];
  }

  #parent({ parentId }: Fields): { parentId?: string } {
    const parent = typeof parentId === 'string' ? this.#id(parentId) : this.#scope.parentId;
    return parent === undefined ? {} : { parentId: parent };
  }

  #snapshot(fields: Fields): InspectMessage {
    const { transitions } = fields;
    return {
      type: '@xstate.snapshot',
      ...this.#common(fields),
      event: this.#event(fields['event']),
      snapshot: this.#snapshotOf(fields['snapshot'], ''),
      ...(Array.isArray(transitions) ? { transitions: takenOf(transitions) } : {}),
    };
  }

  /** Its id is made of its text here, so that nobody can pass one machine off as another. */
  #definition(definition: string): DefinitionMessage {
    const config = record(JSON.parse(definition));
    const { id, text: redacted } =
      this.#scope.isScoped === true ? definitionOf(definition) : this.#definitions.of(config);
    return { type: '@greenroom.definition', definitionId: id, definition: redacted };
  }

  #namedDefinition(fields: Fields): DefinitionMessage {
    const definition = this.#definition(text(fields['definition'], maxDefinitionLength));
    this.#ids.set(text(fields['definitionId']), definition.definitionId);
    return definition;
  }

  #definitionId(
    { definitionId }: Fields,
    own: DefinitionMessage | null,
  ): { definitionId?: string } {
    const id = own?.definitionId ?? this.#idOf(definitionId);
    return id === undefined ? {} : { definitionId: id };
  }

  #idOf(id: unknown): string | undefined {
    return typeof id === 'string' ? (this.#known.get(id) ?? this.#ids.get(id)) : undefined;
  }

  /** A job process has written it with our own writer; should it not have, the hub still bounds it. */
  #snapshotOf(snapshot: unknown, name: string): WireSnapshot {
    if (this.#scope.isScoped !== true) return wireSnapshot(snapshot, name, this.#plain);
    const { status } = record(snapshot);
    if (!statuses.includes(status)) throw new NotOurs();
    return snapshot as WireSnapshot;
  }

  #event(event: unknown): WireEvent {
    const { type, ...fields } = record(event);
    if (this.#scope.isScoped === true) return { ...(event as WireEvent), type: text(type) };
    return { ...toPlainFields(fields, this.#plain), type: text(type ?? '') };
  }

  #common(fields: Fields): StatelyFields & OwnFields {
    const { createdAt, at, pid, rootId, _version } = fields;
    const time = typeof at === 'number' && Number.isFinite(at) ? at : Number(createdAt);
    const when = Number.isFinite(time) && time > 0 ? time : Date.now();
    return {
      sessionId: this.#id(text(fields['sessionId'])),
      rootId: this.#scope.rootId ?? this.#id(text(rootId ?? fields['sessionId'])),
      id: null,
      createdAt: String(Math.floor(when)),
      _version: text(_version ?? ''),
      at: when,
      ...(Number.isSafeInteger(pid) ? { pid: pid as number } : {}),
    };
  }

  #id(id: string): string {
    const { prefix, parentId, isScoped } = this.#scope;
    if (isScoped !== true) return this.#scoped(text(id));
    if (id !== parentId && !id.startsWith(`${prefix}/`)) throw new NotOurs();
    return text(id);
  }

  #scoped(id: string): string {
    return this.#scope.isScoped === true ? id : `${this.#scope.prefix}/${id}`;
  }
}

function record(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new NotOurs();
  return value as Fields;
}

function text(value: unknown, maxLength = maxIdLength): string {
  if (typeof value !== 'string' || value.length > maxLength) throw new NotOurs();
  return value;
}

function texts(fields: Fields, names: readonly string[]): Fields {
  const present = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, text(fields[name])]));
}

function takenOf(transitions: unknown[]): TakenTransition[] {
  return transitions.slice(0, maxTransitions).map((transition) => {
    const { source, targets, eventType, index } = record(transition);
    if (!Array.isArray(targets)) throw new NotOurs();
    return {
      source: text(source),
      targets: targets.slice(0, maxTransitions).map((target) => text(target)),
      eventType: text(eventType),
      index: Number.isSafeInteger(index) ? (index as number) : 0,
    };
  });
}
