import { type CpuReading, cpuLoad, readCpu } from './cpu.ts';
import { readMemoryLoad } from './memory.ts';
import { type System, thisSystem } from './system.ts';

/**
 * The load of the machine or container: the larger of processors and memory, 0 to 1. Each call averages over the time
 * since the call before it.
 */
export class MachineLoad {
  readonly #system: System;
  #before: CpuReading | null;
  #lastCpu: number | null = null;

  constructor(system: System = thisSystem) {
    this.#system = system;
    this.#before = readCpu(system);
  }

  /** The load since the last call; `null` when nothing can be measured. */
  sample(): number | null {
    const after = readCpu(this.#system);
    if (after !== null) {
      const load = this.#before === null ? null : cpuLoad(this.#before, after);
      // A reading that cannot be true leaves the load as it was.
      if (load !== null) this.#lastCpu = load;
      this.#before = after;
    }
    const loads = [this.#lastCpu, readMemoryLoad(this.#system)].filter((load) => load !== null);
    return loads.length === 0 ? null : Math.max(...loads);
  }
}
