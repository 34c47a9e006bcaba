/** Knows every job process, outside the actor tree: a throw in a machine must not leave a process to itself. */
import { Sentinel } from './sentinel.ts';

/** A job process as the registry sees it. */
export interface RegisteredProcess {
  /** Also the id of its process group. */
  pid: number;
  /** Ends the link: the process closes its session and exits. */
  closeLink: () => void;
}

/** The second net below the machines; the sentinel is the third. */
export class ProcessRegistry {
  readonly #processes = new Map<number, RegisteredProcess>();
  #sentinel: Sentinel | undefined;

  /** The processes that are alive. */
  get pids(): number[] {
    return [...this.#processes.keys()];
  }

  /** A process was started. */
  add(process: RegisteredProcess): void {
    this.#sentinel ??= new Sentinel();
    this.#processes.set(process.pid, process);
    this.#sentinel.watch(process.pid);
  }

  /** A process is gone, and its group with it. */
  remove(pid: number): void {
    if (!this.#processes.delete(pid)) return;
    this.#sentinel?.forget(pid);
  }

  /** The worker cannot go on: the job processes are on their own now, and close their sessions. */
  closeLinks(): void {
    for (const process of this.#processes.values()) process.closeLink();
    this.end();
  }

  /** The worker has ended: the sentinel looks for what is left, and goes with its program or before. */
  end(): void {
    this.#sentinel?.end();
  }
}

/** Sends a signal to a process group; `false` when nothing of it is left. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
