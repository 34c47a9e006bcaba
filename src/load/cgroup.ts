/** Which control group limits this process. */
import type { System } from './system.ts';

const root = '/sys/fs/cgroup';

/**
 * The directories of a version 2 group and of all that hold it, the nearest first. In a container the path of the group
 * may be that of the host and not exist here: then only the root of the mount is left to read.
 */
export function cgroup2Directories(system: System): string[] {
  return upwards(
    root,
    groupPath(system, (controllers) => controllers === ''),
  );
}

/** The same for one controller of version 1, such as `memory`. */
export function cgroup1Directories(system: System, controller: string): string[] {
  const path = groupPath(system, (controllers) => controllers.split(',').includes(controller));
  return upwards(`${root}/${controller}`, path);
}

/** Lines of `/proc/self/cgroup` are `id:controllers:path`; version 2 has no controllers there. */
function groupPath(system: System, matches: (controllers: string) => boolean): string {
  for (const line of (system.read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers !== undefined && matches(controllers)) return path.join(':');
  }
  return '/';
}

function upwards(base: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    [base, ...parts.slice(0, parts.length - dropped)].join('/'),
  );
}
