/**
 * The definition of a machine as text: its config, from which `createMachine(JSON.parse(text))` gives the graph back. What
 * shapes the graph stays as it is, whatever it is called; what may hold values is redacted or left out.
 */
import type { Json } from '../messages.ts';
import { type PlainOptions, toPlain } from './plain.ts';

/** A definition with a name that is the same for the same text. */
export interface Definition {
  id: string;
  text: string;
}

type Config = Record<string, unknown>;
type Plain = Record<string, Json>;

/** Machines are larger than messages. */
const limits = { depth: 40, items: 1_000, textLength: 4_000, totalLength: 1_000_000 };

/** States in states; what is deeper is no machine that anyone reads. */
const maxDepth = 30;

const maps = new Set(['on', 'after']);
const transitions = new Set(['always', 'onDone', 'onError', 'onSnapshot', 'initial']);
/** What is remembered is in the snapshots, and the rest has no shape. */
const leftOut = new Set(['context', 'types', 'schemas', 'schema']);

/** Writes definitions, each once. */
export class DefinitionWriter {
  readonly #options: PlainOptions;
  readonly #cache = new WeakMap<object, Definition>();

  constructor(options: Omit<PlainOptions, 'limits'>) {
    this.#options = { ...options, limits };
  }

  /** The definition of a machine's config. */
  of(config: object): Definition {
    const known = this.#cache.get(config);
    if (known !== undefined) return known;
    const definition = definitionOf(JSON.stringify(this.#state(config as Config, 0)));
    this.#cache.set(config, definition);
    return definition;
  }

  #plain(value: unknown): Json {
    return toPlain(value, this.#options);
  }

  #state(config: Config, depth: number): Plain {
    const plain: Plain = {};
    if (depth > maxDepth) return plain;
    for (const [name, value] of Object.entries(config)) {
      const written = value === undefined ? undefined : this.#stateField(name, value, depth);
      if (written !== undefined) plain[name] = written;
    }
    return plain;
  }

  #stateField(name: string, value: unknown, depth: number): Json | undefined {
    if (leftOut.has(name)) return undefined;
    if (maps.has(name)) return mapFields(value, (field) => this.#transitions(field));
    if (transitions.has(name)) return this.#transitions(value);
    switch (name) {
      case 'states':
        return mapFields(value, (state) => this.#state(state as Config, depth + 1));
      case 'entry':
      case 'exit':
        return this.#named(value);
      case 'invoke':
        return each(value, (invoke) => this.#invoke(invoke as Config));
      default:
        return toPlain(value, this.#options, name);
    }
  }

  #transitions(value: unknown): Json {
    return each(value, (transition) => {
      if (typeof transition !== 'object' || transition === null) return this.#plain(transition);
      const plain: Plain = {};
      for (const [name, part] of Object.entries(transition)) {
        if (part === undefined) continue;
        const isNamed = name === 'actions' || name === 'guard';
        plain[name] = isNamed ? this.#named(part) : toPlain(part, this.#options, name);
      }
      return plain;
    });
  }

  /** Actions and guards: names, names with params, or functions that can only be named. */
  #named(value: unknown): Json {
    return each(value, (part) => this.#plain(part));
  }

  #invoke(config: Config): Plain {
    const plain: Plain = {};
    for (const [name, value] of Object.entries(config)) {
      if (value === undefined || name === 'input') continue;
      plain[name] = transitions.has(name)
        ? this.#transitions(value)
        : this.#invokeField(name, value);
    }
    return plain;
  }

  #invokeField(name: string, value: unknown): Json {
    if (name !== 'src' || typeof value === 'string') return this.#plain(value);
    const { config } = value as { config?: { id?: unknown } };
    return typeof config?.id === 'string' ? config.id : 'inline';
  }
}

function each(value: unknown, write: (part: unknown) => Json): Json {
  return Array.isArray(value) ? value.map((part) => write(part)) : write(value);
}

function mapFields(value: unknown, write: (field: unknown) => Json): Plain {
  const entries = Object.entries(value as Config).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([name, field]) => [name, write(field)]));
}

/**
 * What the definition of one of our machines is called on the link to a job process. Both ends have the machine: its
 * definition, longer than all else that there is to tell of a job, is not sent.
 */
export function sharedId(machineId: string): string {
  return `greenroom/${machineId}`;
}

/** A definition of that text. Its id is 64 bits of two FNV hashes: no two machines of a system have the same. */
export function definitionOf(text: string): Definition {
  let first = 0x811c9dc5;
  let second = 0x1000193;
  for (let index = 0; index < text.length; index += 1) {
    first = Math.imul(first ^ text.charCodeAt(index), 0x01000193);
    second = Math.imul(second ^ text.charCodeAt(index), 0x85ebca6b) ^ (second >>> 13);
  }
  const hex = (part: number): string => (part >>> 0).toString(16).padStart(8, '0');
  return { id: hex(first) + hex(second), text };
}
