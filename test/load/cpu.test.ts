import { describe, expect, it } from 'vitest';
import { type CpuReading, cpuLoad, readCpu } from '../../src/load/cpu.ts';
import { type FakeSystem, fakeSystem } from './fake-system.ts';

const root = '/sys/fs/cgroup';

function read(system: FakeSystem): CpuReading {
  const reading = readCpu(system);
  if (reading === null) throw new Error('nothing was read');
  return reading;
}

/** The load over a change of the system. */
function loadOver(system: FakeSystem, change: () => void): number | null {
  const before = read(system);
  change();
  return cpuLoad(before, read(system));
}

describe('version 2 groups', () => {
  it('measure against the quota, over the time that really passed', () => {
    const system = fakeSystem({
      '/proc/self/cgroup': '0::/\n',
      [`${root}/cpu.max`]: '150000 100000\n',
      [`${root}/cpu.stat`]: 'usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\n',
    });
    const load = loadOver(system, () => {
      // Three seconds with 1.5 processors are 4.5 s; 2.25 s of them were used.
      system.pass(3000, [1, 1, 1, 1]);
      system.files[`${root}/cpu.stat`] = 'usage_usec 7250000\n';
    });
    expect(load).toBeCloseTo(0.5);
    expect(read(system)).toMatchObject({ source: root, processors: 1.5, possible: 4 });
  });

  it('take the nearest group that has a quota', () => {
    const system = fakeSystem({
      '/proc/self/cgroup': '1:name=systemd:/x\n0::/system.slice/agent.service/inner\n',
      [`${root}/system.slice/agent.service/inner/cpu.max`]: 'max 100000\n',
      [`${root}/system.slice/agent.service/inner/cpu.stat`]: 'usage_usec 1\n',
      [`${root}/system.slice/agent.service/cpu.max`]: '200000 100000\n',
      [`${root}/system.slice/agent.service/cpu.stat`]: 'usage_usec 3000\n',
      [`${root}/system.slice/cpu.max`]: '300000 100000\n',
      [`${root}/system.slice/cpu.stat`]: 'usage_usec 4000\n',
    });
    expect(read(system)).toMatchObject({
      source: `${root}/system.slice/agent.service`,
      busyMs: 3,
      processors: 2,
    });
  });

  it('measure the machine when there is no quota, or one that limits nothing', () => {
    for (const quota of ['max 100000', '400000 100000', '-1 100000', 'nonsense']) {
      const system = fakeSystem({
        '/proc/self/cgroup': '0::/\n',
        [`${root}/cpu.max`]: `${quota}\n`,
        [`${root}/cpu.stat`]: 'usage_usec 5\n',
      });
      expect(read(system)).toMatchObject({ source: 'machine', processors: 4 });
    }
  });
});

describe('version 1 groups', () => {
  const files = {
    '/proc/self/cgroup': '3:cpuacct:/docker/abc\n2:cpu,other:/docker/abc\n0::/\n',
    // The path is that of the host; here only the root of the mount exists.
    [`${root}/cpu/cpu.cfs_quota_us`]: '200000\n',
    [`${root}/cpu/cpu.cfs_period_us`]: '100000\n',
    [`${root}/cpuacct/cpuacct.usage`]: '1000000000\n',
  };

  it('measure against the quota', () => {
    const system = fakeSystem({ ...files });
    const load = loadOver(system, () => {
      system.pass(2000);
      system.files[`${root}/cpuacct/cpuacct.usage`] = '2000000000\n';
    });
    expect(load).toBeCloseTo(0.25);
  });

  it('measure the machine when there is no quota', () => {
    const system = fakeSystem({ ...files, [`${root}/cpu/cpu.cfs_quota_us`]: '-1\n' });
    const load = loadOver(system, () => {
      system.pass(2000, [1, 0.5, 0.5, 0]);
      system.files[`${root}/cpuacct/cpuacct.usage`] = '99000000000\n';
    });
    expect(load).toBeCloseTo(0.5);
  });
});

describe('the machine', () => {
  it('counts every kind of work on every processor', () => {
    const system = fakeSystem({});
    expect(loadOver(system, () => system.pass(1000, [1, 1, 0, 0]))).toBeCloseTo(0.5);
    expect(loadOver(system, () => system.pass(1000))).toBe(0);
    expect(loadOver(system, () => system.pass(1000, [1, 1, 1, 1]))).toBe(1);
  });

  it('counts only the processors this process may use', () => {
    const system = fakeSystem({
      '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0,2-3\n',
    });
    const load = loadOver(system, () => system.pass(1000, [1, 1, 0, 0]));
    expect(load).toBeCloseTo(1 / 3);
  });

  it.each(['9', 'none', '3-1'])('counts all when the allowed ones (%s) make no sense', (list) => {
    const system = fakeSystem({ '/proc/self/status': `Cpus_allowed_list:\t${list}\n` });
    expect(read(system).processors).toBe(4);
  });

  it('gives nothing when it tells no processors', () => {
    expect(readCpu(fakeSystem({}, 0))).toBeNull();
  });
});

describe('NUM_CPUS', () => {
  it('overrides the number of processors', () => {
    const system = fakeSystem({}, 4, { NUM_CPUS: '2' });
    expect(loadOver(system, () => system.pass(1000, [1, 0, 0, 0]))).toBeCloseTo(0.5);
    expect(loadOver(system, () => system.pass(1000, [1, 1, 1, 0]))).toBe(1);
  });

  it.each(['', 'four', '0', '-1'])('is ignored when it is %j', (count) => {
    expect(read(fakeSystem({}, 4, { NUM_CPUS: count })).processors).toBe(4);
  });
});

describe('readings that cannot be true', () => {
  const quota = { [`${root}/cpu.max`]: '100000 100000', [`${root}/cpu.stat`]: 'usage_usec 5000' };

  it.each([
    ['a counter that went back', 'usage_usec 4000'],
    ['more time than all processors have', 'usage_usec 9000000000'],
  ])('are discarded: %s', (_name, stat) => {
    const system = fakeSystem({ ...quota });
    const load = loadOver(system, () => {
      system.pass(2500);
      system.files[`${root}/cpu.stat`] = stat;
    });
    expect(load).toBeNull();
  });

  it('are not: a burst above the quota', () => {
    const system = fakeSystem({ ...quota });
    const load = loadOver(system, () => {
      system.pass(1000);
      system.files[`${root}/cpu.stat`] = 'usage_usec 2005000';
    });
    expect(load).toBe(1);
  });

  it('are discarded: no time has passed, or another counter was read', () => {
    const system = fakeSystem({ ...quota });
    expect(loadOver(system, () => {})).toBeNull();
    const load = loadOver(system, () => {
      system.pass(1000);
      delete system.files[`${root}/cpu.max`];
    });
    expect(load).toBeNull();
  });
});
