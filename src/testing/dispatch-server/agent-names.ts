/**
 * Which agent names there are, as the room side of the server knows them: collected anew after a first worker of a key has
 * registered. While they are collected, what was launched is not listed yet.
 */
import type { JobType } from '@livekit/protocol';
import type { ServerSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { WorkerKey } from './worker-connection.ts';

/** The names that were there when the collection began. */
export interface CollectedNames {
  /** Resolves when the collection is over. */
  complete: Promise<void>;
  hasName: (jobType: JobType, agentName: string) => boolean;
  /** The namespaces in which there may be workers of a job type. */
  namespaces: (jobType: JobType) => string[];
}

/** The collected names, for as long as they hold. */
export class AgentNames {
  readonly #settings: ServerSettings;
  readonly #timers: Timers;
  readonly #keys: () => readonly WorkerKey[];
  #collected: { names: CollectedNames; atMs: number } | null = null;

  constructor(settings: ServerSettings, timers: Timers, keys: () => readonly WorkerKey[]) {
    this.#settings = settings;
    this.#timers = timers;
    this.#keys = keys;
  }

  /** A first worker of a key has registered: what was collected holds no longer. */
  forget(): void {
    this.#collected = null;
  }

  /** The names that are known, or a new collection of them. */
  collect(): CollectedNames {
    const { agentNamesLifeMs, coldWindowMs } = this.#settings;
    const now = this.#timers.now();
    const { names, atMs } = this.#collected ?? { names: null, atMs: 0 };
    if (names !== null && now - atMs < agentNamesLifeMs) return names;
    const collected = collectFrom(this.#keys(), this.#timers.wait(coldWindowMs));
    if (coldWindowMs > 0) this.#collected = { names: collected, atMs: now };
    return collected;
  }
}

/** The names are collected for all job types together: a name is known for each type that anyone is registered for. */
function collectFrom(keys: readonly WorkerKey[], complete: Promise<void>): CollectedNames {
  const jobTypes = new Set(keys.map(({ jobType }) => jobType));
  const names = new Set(keys.map(({ agentName }) => agentName));
  const namespaces = [...new Set(keys.map(({ namespace }) => namespace))];
  return {
    complete,
    hasName: (jobType, agentName) => jobTypes.has(jobType) && names.has(agentName),
    namespaces: (jobType) => (jobTypes.has(jobType) ? namespaces : []),
  };
}
