/** Ends job processes that outlive their worker: the last of three nets, below the session's own close and the registry. */
import { type ChildProcess, spawn } from 'node:child_process';

/** A job process has 25 s to close its session when its worker is gone; what is left after 30 s is killed. */
const GRACE_SECONDS = 30;

/**
 * Reads `+GROUP` and `-GROUP` lines. When the pipe ends, the worker is gone: the groups get the grace period, then
 * SIGKILL. A shell, since it takes 0.5 MB where Node would take 38.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM
groups=' '
while read -r line; do
  group=\${line#?}
  case $line in
    +*) groups="$groups$group " ;;
    -*) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
left=$1
while [ "$left" -gt 0 ]; do
  alive=' '
  for group in $groups; do kill -0 "-$group" 2>/dev/null && alive="$alive$group "; done
  groups=$alive
  [ "$groups" = ' ' ] && exit 0
  sleep 1
  left=$((left - 1))
done
for group in $groups; do kill -9 "-$group" 2>/dev/null; done
exit 0
`;

/** One `/bin/sh` that holds a pipe to the worker and outlives it. */
export class Sentinel {
  readonly #shell: ChildProcess;

  constructor(graceSeconds = GRACE_SECONDS) {
    const command = 'eval "$GREENROOM_SENTINEL"';
    this.#shell = spawn('/bin/sh', ['-c', command, 'greenroom-sentinel', String(graceSeconds)], {
      // Not in the arguments, so that a list of processes stays readable.
      env: { PATH: process.env['PATH'], GREENROOM_SENTINEL: SCRIPT },
      // Its own session: neither Ctrl-C nor the end of a terminal reaches it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without a shell the two other nets still hold.
    this.#shell.on('error', () => undefined);
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.unref();
    if (this.#shell.stdin !== null && 'unref' in this.#shell.stdin) {
      (this.#shell.stdin as unknown as { unref(): void }).unref();
    }
  }

  /** The process of the sentinel itself; `undefined` when it could not be started. */
  get pid(): number | undefined {
    return this.#shell.pid;
  }

  /** The worker is gone, though its program lives on: what is left of the groups gets the grace period from now. */
  end(): void {
    this.#shell.stdin?.end();
  }

  /** A process group to end if the worker dies. */
  watch(group: number): void {
    this.#shell.stdin?.write(`+${group}\n`);
  }

  /** The group is gone. */
  forget(group: number): void {
    if (this.#shell.stdin?.writable === true) this.#shell.stdin.write(`-${group}\n`);
  }
}
