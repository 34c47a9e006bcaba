/**
 * Starts programs that cannot outlive the one that started them. A SIGKILL runs no handler, so a shell script beside this
 * file holds a pipe to us: when the pipe ends, it kills the process groups it was told of. Plain JavaScript without
 * dependencies: `npm start` uses it before anything is installed or built.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('guard.sh', import.meta.url));

// The program names its own group to the guard and only then becomes what it should run. Whoever starts it may be killed
// at any moment between the two: the guard sees the end of the pipe only after the last announcement.
const announce = 'echo "guard $$" >&3 && exec 3>&- && exec "$@"';

/**
 * What a started program is given.
 * @typedef {object} SpawnOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * A program started by a guard: its own process group, standard output and error as pipes.
 * @typedef {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable> & { pid: number }} GuardedProcess
 */

/**
 * Starts programs and outlives us for as long as one of them is left.
 * @typedef {object} Guard
 * @property {number} pid
 * @property {(command: string, args: readonly string[], options?: SpawnOptions) => GuardedProcess} spawn
 * @property {() => Promise<void>} close Kills what is left of the groups and waits for the guard's own end.
 */

/**
 * Starts a guard.
 * @returns {Guard}
 */
export function startGuard() {
  const guard = spawn('/bin/sh', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const exited = once(guard, 'exit');
  const { pid } = guard;
  if (pid === undefined) throw new Error('The guard could not be started: is there a /bin/sh?');
  // Without its guard no program starts (the announcement fails), so an error here needs no answer of its own.
  guard.stdin.on('error', () => {});
  guard.unref();

  return {
    pid,
    spawn(command, args, options = {}) {
      const child = spawn('/bin/sh', ['-c', announce, 'sh', command, ...args], {
        ...options,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', guard.stdin],
      });
      const group = child.pid;
      if (group === undefined) {
        // The event tells the same, later.
        child.on('error', () => {});
        throw new Error(
          `${command} could not be started: there is no /bin/sh, or no room for another process.`,
        );
      }
      child.once('exit', () => {
        if (!isGroupAlive(group)) guard.stdin.write(`forget ${group}\n`);
      });
      return /** @type {GuardedProcess} */ (/** @type {unknown} */ (child));
    },
    async close() {
      guard.ref();
      guard.stdin.end();
      await exited;
    },
  };
}

/**
 * Whether a process of the group is left.
 * @param {number} group
 */
function isGroupAlive(group) {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
