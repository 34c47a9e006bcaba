/** Any value as bounded JSON without secrets. Runs no getter, follows no circle, never throws. */
import { REDACTED, type Json, type WireRef } from '../messages.ts';
import type { Redactor } from './redact.ts';

/** How much of a value is shown. */
export interface PlainLimits {
  /** Levels of objects in objects. */
  depth: number;
  /** Items of a list, fields of an object. */
  items: number;
  /** Characters of one text. */
  textLength: number;
  /** Characters of everything together. */
  totalLength: number;
}

/** What one value is written with. */
export interface PlainOptions {
  redactor: Redactor;
  limits: PlainLimits;
  /** The wire's id of an actor. */
  idOf: (sessionId: string) => string;
  /** For values that are never changed in place: what was written of an object is taken again. */
  memory?: PlainMemory;
}

/** How objects were written. */
export type PlainMemory = WeakMap<object, Remembered>;

interface Remembered {
  plain: Json;
  /** The levels of objects in it and its characters: where there is less room it is cut. */
  levels: number;
  length: number;
}

/** What a message may hold. */
export const messageLimits: PlainLimits = {
  depth: 8,
  items: 100,
  textLength: 2_000,
  totalLength: 64_000,
};

/** What stands for what is left out. */
const ellipsis = '…';

/** One value, bounded as a whole. */
export function toPlain(value: unknown, options: PlainOptions, name = ''): Json {
  const writer = new PlainWriter(options);
  return writer.write(name, value, 0) ?? null;
}

/** The fields of an object, bounded as a whole; those that are `undefined`, and those of `except`, are left out. */
export function toPlainFields(
  fields: Record<string, unknown>,
  options: PlainOptions,
  except?: ReadonlySet<string>,
): Record<string, Json> {
  const writer = new PlainWriter(options);
  const plain: Record<string, Json> = {};
  for (const name of Object.keys(fields)) {
    if (except?.has(name) === true) continue;
    const written = writer.write(name, fields[name], 0);
    if (written !== undefined) plain[name] = written;
  }
  return plain;
}

class PlainWriter {
  readonly #options: PlainOptions;
  readonly #above: object[] = [];
  #roomLeft: number;
  /** The lowest level so far of the object that is written. */
  #lowest = 0;

  constructor(options: PlainOptions) {
    this.#options = options;
    this.#roomLeft = options.limits.totalLength;
  }

  /** `undefined` for what JSON leaves out. */
  write(name: string, value: unknown, depth: number): Json | undefined {
    if (value === undefined) return undefined;
    if (value === null || typeof value === 'boolean') return value;
    if (this.#options.redactor.hides(name, value)) return REDACTED;
    return typeof value === 'object' ? this.#guarded(value, depth) : this.#simple(value);
  }

  #simple(value: unknown): Json {
    if (typeof value === 'number') {
      this.#roomLeft -= 8;
      return Number.isFinite(value) ? value : String(value);
    }
    if (typeof value === 'function') return { type: this.#text(value.name) };
    return this.#text(typeof value === 'bigint' ? `${value}n` : String(value));
  }

  #text(text: string): string {
    const { redactor, limits } = this.#options;
    if (this.#roomLeft <= 0) return ellipsis;
    // Redacted before it is cut: half a secret has no form any more. What is huge is cut roughly first.
    const shown = redactor.text(text.slice(0, limits.textLength * 2));
    const room = Math.min(limits.textLength, this.#roomLeft);
    this.#roomLeft -= Math.min(shown.length, room);
    return shown.length > room || text.length > limits.textLength * 2
      ? shown.slice(0, room) + ellipsis
      : shown;
  }

  #remembered(value: object, depth: number): Json | undefined {
    const known = this.#options.memory?.get(value);
    if (known === undefined || known.length >= this.#roomLeft) return undefined;
    const lowest = depth + known.levels;
    if (lowest >= this.#options.limits.depth) return undefined;
    this.#lowest = Math.max(this.#lowest, lowest);
    this.#roomLeft -= known.length;
    return known.plain;
  }

  /** Writes an object, and remembers how, unless there was no room for all of it. */
  #written(value: object, depth: number): Json {
    const [roomBefore, lowestBefore] = [this.#roomLeft, this.#lowest];
    this.#lowest = depth;
    const plain = this.#object(value, depth + 1);
    const [length, levels] = [roomBefore - this.#roomLeft, this.#lowest - depth];
    if (this.#roomLeft > 0) this.#options.memory?.set(value, { plain, levels, length });
    this.#lowest = Math.max(lowestBefore, this.#lowest);
    return plain;
  }

  /** Proxies, `toJSON` and `toString` are other people's code. */
  #guarded(value: object, depth: number): Json {
    const known = this.#remembered(value, depth);
    if (known !== undefined) return known;
    try {
      if (isActorRef(value)) return this.#ref(value.sessionId);
      if (isWireRef(value)) return this.#ref(value.id);
      if (this.#above.includes(value)) return '<circular>';
      this.#lowest = Math.max(this.#lowest, depth);
      if (depth >= this.#options.limits.depth || this.#roomLeft <= 0) return ellipsis;
      this.#above.push(value);
      try {
        return this.#written(value, depth);
      } finally {
        this.#above.pop();
      }
    } catch {
      return '<unreadable>';
    }
  }

  #ref(sessionId: string): Json {
    const ref: WireRef = { xstate$$type: 1, id: this.#options.idOf(sessionId) };
    return { ...ref };
  }

  #object(value: object, depth: number): Json {
    if (Array.isArray(value)) return this.#list(value, value.length, depth);
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof Map) return this.#fields(mapFields(value), depth);
    if (value instanceof Set) return this.#list(value, value.size, depth);
    if (ArrayBuffer.isView(value)) return `<${value.constructor.name}: ${value.byteLength} bytes>`;
    if (value instanceof URL || value instanceof RegExp) return this.#text(String(value));
    return this.#fields(this.#withoutSecretOutput(value), depth);
  }

  /** The end of an actor that is called `fetchToken`: its output is a token. */
  #withoutSecretOutput(value: object): object {
    const type: unknown = 'type' in value ? value.type : undefined;
    if (typeof type !== 'string' || !type.startsWith('xstate.done.actor.')) return value;
    const isSecret = this.#options.redactor.hides(type, '');
    return isSecret ? { ...ownFields(value), output: REDACTED } : value;
  }

  #list(values: Iterable<unknown>, length: number, depth: number): Json {
    const { items } = this.#options.limits;
    const list: Json[] = [];
    for (const value of values) {
      if (list.length === items) break;
      list.push(this.write('', value, depth) ?? null);
    }
    if (length > items) list.push(`${ellipsis} ${length - items} more`);
    return list;
  }

  #error(error: Error, depth: number): Json {
    const { name, message, stack } = error;
    const { code, cause } = error as { code?: unknown; cause?: unknown };
    return this.#fields({ ...ownFields(error), name, message, code, stack, cause }, depth);
  }

  #fields(fields: object, depth: number): Json {
    const { limits, redactor } = this.#options;
    const plain: Record<string, Json> = {};
    let count = 0;
    for (const name of Object.keys(fields)) {
      if (count === limits.items || this.#roomLeft <= 0) {
        plain[ellipsis] = true;
        break;
      }
      const written = this.write(name, ownField(fields, name), depth);
      if (written === undefined) continue;
      count += 1;
      this.#roomLeft -= name.length;
      plain[redactor.name(name.slice(0, limits.textLength))] = written;
    }
    return plain;
  }
}

function isActorRef(value: object): value is { sessionId: string } {
  if (!('sessionId' in value) || !('send' in value)) return false;
  return typeof value.send === 'function' && typeof value.sessionId === 'string';
}

/** A reference that another process has written. */
function isWireRef(value: object): value is WireRef {
  return 'xstate$$type' in value && 'id' in value && typeof value.id === 'string';
}

function mapFields(map: Map<unknown, unknown>): object {
  return Object.fromEntries(Array.from(map, ([key, value]) => [String(key), value]));
}

/** Own enumerable fields. */
function ownFields(value: object): object {
  return Object.fromEntries(Object.keys(value).map((name) => [name, ownField(value, name)]));
}

/** A getter is named and not run. */
function ownField(value: object, name: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(value, name);
  return descriptor?.get === undefined ? descriptor?.value : '<getter>';
}
