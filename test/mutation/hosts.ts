/** Tries many mutants on as many processes as there are cores. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './host.ts';

/** A mutant that loops for ever is caught, too: no test of a machine takes that long. */
const HANG_TIMEOUT_MS = 20_000;

/** A process keeps what its mutants have left behind, so it is replaced now and then. */
const ORDERS_PER_HOST = 60;

const hang: Report = { caught: { test: 'any', reason: `nothing for ${HANG_TIMEOUT_MS} ms` } };

/** Tries what is ordered; `done` hears of each, in any order. */
export async function tryAll(
  orders: readonly Order[],
  done: (order: Order, report: Report) => void,
): Promise<void> {
  const queue = [...orders];
  const work = async (): Promise<void> => {
    let host = new Host();
    for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
      if (host.isSpent) {
        host.end();
        host = new Host();
      }
      done(order, await host.try(order));
    }
    host.end();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

class Host {
  readonly #child: ChildProcess;
  #orders = 0;
  #hangs = false;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('host.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
      // What a mutant makes XState warn of is of no use to anyone.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }

  get isSpent(): boolean {
    return this.#hangs || !this.#child.connected || this.#orders >= ORDERS_PER_HOST;
  }

  async try(order: Order): Promise<Report> {
    this.#orders += 1;
    const child = this.#child;
    return new Promise((resolve) => {
      const settle = (report: Report): void => {
        clearTimeout(timer);
        child.off('message', settle);
        child.off('exit', died);
        resolve(report);
      };
      const timer = setTimeout(() => {
        this.#hangs = true;
        settle(hang);
      }, HANG_TIMEOUT_MS);
      const died = (code: number | null): void => {
        this.#hangs = true;
        settle({ caught: { test: 'any', reason: `the process of the tests exited with ${code}` } });
      };
      child.on('message', settle);
      child.on('exit', died);
      child.send(order);
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
