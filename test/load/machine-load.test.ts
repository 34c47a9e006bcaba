import { describe, expect, it } from 'vitest';
import { MachineLoad } from '../../src/load/machine-load.ts';
import { fakeSystem } from './fake-system.ts';

const memory = (available: number) => `MemTotal: 1000 kB\nMemAvailable: ${available} kB\n`;

describe('MachineLoad', () => {
  it('is the larger of processors and memory', () => {
    const system = fakeSystem({ '/proc/meminfo': memory(800) }, 2);
    const load = new MachineLoad(system);
    system.pass(500, [1, 0]);
    expect(load.sample()).toBeCloseTo(0.5);
    system.files['/proc/meminfo'] = memory(100);
    system.pass(2500, [1, 0]);
    expect(load.sample()).toBeCloseTo(0.9);
  });

  it('averages over the time since the last sample', () => {
    const system = fakeSystem({}, 1);
    const load = new MachineLoad(system);
    system.pass(500, [1]);
    expect(load.sample()).toBe(1);
    system.pass(2000, [0]);
    system.pass(500, [1]);
    expect(load.sample()).toBeCloseTo(0.2);
  });

  it('keeps the last load over a reading that cannot be true, and goes on after it', () => {
    const root = '/sys/fs/cgroup';
    const system = fakeSystem({
      [`${root}/cpu.max`]: '100000 100000',
      [`${root}/cpu.stat`]: 'usage_usec 0',
    });
    const load = new MachineLoad(system);
    const next = (usage: number): number | null => {
      system.pass(1000);
      system.files[`${root}/cpu.stat`] = `usage_usec ${usage}`;
      return load.sample();
    };
    expect(next(300_000)).toBeCloseTo(0.3);
    expect(next(999_000_000)).toBeCloseTo(0.3);
    expect(next(400_000)).toBeCloseTo(0.3);
    expect(next(500_000)).toBeCloseTo(0.1);
  });

  it('knows memory alone, or nothing', () => {
    expect(new MachineLoad(fakeSystem({ '/proc/meminfo': memory(250) }, 0)).sample()).toBe(0.75);
    expect(new MachineLoad(fakeSystem({}, 0)).sample()).toBeNull();
  });
});
