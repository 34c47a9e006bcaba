import { describe, expect, it } from 'vitest';
import { readMemoryLoad } from '../../src/load/memory.ts';
import { fakeSystem } from './fake-system.ts';

const root = '/sys/fs/cgroup';
const meminfo = {
  '/proc/meminfo': 'MemTotal:       8000 kB\nMemFree:         500 kB\nMemAvailable:   6000 kB\n',
};

function load(files: Record<string, string>): number | null {
  return readMemoryLoad(fakeSystem(files));
}

describe('readMemoryLoad', () => {
  it('measures a version 2 group against its limit, without the cache that can be dropped', () => {
    expect(
      load({
        ...meminfo,
        '/proc/self/cgroup': '0::/\n',
        [`${root}/memory.max`]: '4096000\n',
        [`${root}/memory.current`]: '3072000\n',
        [`${root}/memory.stat`]: 'anon 5\ninactive_file 1024000\nactive_file 9\n',
      }),
    ).toBe(0.5);
  });

  it('takes the fullest of the groups that limit', () => {
    const files = {
      ...meminfo,
      '/proc/self/cgroup': '0::/outer/inner\n',
      [`${root}/outer/inner/memory.max`]: '1000000\n',
      [`${root}/outer/inner/memory.current`]: '300000\n',
      [`${root}/outer/memory.max`]: '2000000\n',
      [`${root}/outer/memory.current`]: '1800000\n',
    };
    expect(load(files)).toBe(0.9);
    expect(load({ ...files, [`${root}/outer/memory.max`]: 'max\n' })).toBe(0.3);
  });

  it('measures a version 1 group', () => {
    expect(
      load({
        ...meminfo,
        '/proc/self/cgroup': '4:memory:/docker/abc\n',
        [`${root}/memory/docker/abc/memory.limit_in_bytes`]: '1000000\n',
        [`${root}/memory/docker/abc/memory.usage_in_bytes`]: '600000\n',
        [`${root}/memory/docker/abc/memory.stat`]: 'inactive_file 9\ntotal_inactive_file 200000\n',
      }),
    ).toBe(0.4);
  });

  it.each(['max', '9223372036854771712', '8192000', '0', ''])(
    'measures the machine when the limit is %j',
    (limit) => {
      expect(
        load({
          ...meminfo,
          [`${root}/memory.max`]: limit,
          [`${root}/memory.current`]: '3072000',
        }),
      ).toBe(0.25);
    },
  );

  it('stays between 0 and 1 when the numbers were read at different times', () => {
    const group = { [`${root}/memory.max`]: '1000', [`${root}/memory.current`]: '1500' };
    expect(load({ ...meminfo, ...group })).toBe(1);
    expect(load({ ...meminfo, ...group, [`${root}/memory.stat`]: 'inactive_file 2000\n' })).toBe(0);
  });

  it('is unknown where there is nothing to read', () => {
    expect(load({})).toBeNull();
    expect(load({ '/proc/meminfo': 'MemTotal: 8000 kB\n' })).toBeNull();
  });
});
