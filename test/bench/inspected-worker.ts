/** Workers of ours that are compared with each other: what differs is whether and how they are watched. */
import { fileURLToPath } from 'node:url';
import { gone, reaped, BenchWorker } from './bench-worker.ts';
import type { Candidate } from './candidates.ts';
import { builtGreenroom } from './installation.ts';
import type { Scene } from './scenes/scene.ts';
import { Viewer } from './viewer.ts';

/** Who watches. */
export type Watching = 'off' | 'nobody' | 'reader' | 'stalled';

/** What the worker process holds. */
export interface Held {
  /** Heap and buffers after garbage collection. */
  held: number;
  rss: number;
}

const program = fileURLToPath(new URL('agents/inspected-worker.mjs', import.meta.url));

/** One such worker; jobs are dispatched to it by its own agent name. */
export class InspectedWorker {
  readonly watching: Watching;
  readonly #scene: Scene;
  readonly #worker: BenchWorker;
  #viewer: Viewer | null = null;

  /** Starts one; resolves when it has two warm processes, takes jobs and is watched. */
  static async start(scene: Scene, watching: Watching, agent: string): Promise<InspectedWorker> {
    const settings = {
      numIdleProcesses: 2,
      loadLimit: 'none',
      agentName: nameOf(watching),
    } as const;
    const candidate = candidateOf(scene.candidate, watching, agent);
    const worker = await BenchWorker.start(candidate, settings, scene);
    const inspected = new InspectedWorker(scene, watching, worker);
    try {
      await inspected.#watch();
      await worker.fact('warm', 2);
    } catch (error) {
      await inspected.stop();
      throw error;
    }
    return inspected;
  }

  private constructor(scene: Scene, watching: Watching, worker: BenchWorker) {
    this.#scene = scene;
    this.watching = watching;
    this.#worker = worker;
  }

  get pid(): number {
    return this.#worker.pid;
  }

  /** Whoever watches it. @throws Error when nobody does. */
  get viewer(): Viewer {
    if (this.#viewer === null) throw new Error(`Nobody watches the worker "${this.watching}".`);
    return this.#viewer;
  }

  /** One job, from its dispatch until its process has ended and the pool is full again. */
  async runJob(): Promise<void> {
    const { server } = this.#scene;
    const warm = this.#worker.facts('warm').length;
    const { room } = await server.dispatch(undefined, nameOf(this.watching));
    const { pid } = await this.#worker.factAbout('connected', room);
    await this.#worker.fact('warm', warm + 1);
    await Promise.all([server.deleteRoom(room), gone(pid)]);
    await reaped(pid);
  }

  /** What its process holds now. */
  async held(): Promise<Held> {
    const told = this.#worker.told('held');
    this.#worker.signal('SIGUSR2');
    return (await told) as unknown as Held;
  }

  async stop(): Promise<void> {
    this.#viewer?.close();
    await this.#worker.stop();
  }

  async #watch(): Promise<void> {
    const { inspectorUrl: url } = await this.#worker.told('inspectorUrl');
    if ((url !== null) !== (this.watching !== 'off')) {
      throw new Error(`The worker "${this.watching}" has its inspector at ${String(url)}.`);
    }
    if (typeof url !== 'string' || this.watching === 'nobody') return;
    this.#viewer = await Viewer.open(url, { isStalled: this.watching === 'stalled' });
  }
}

function nameOf(watching: Watching): string {
  return `bench-${watching}`;
}

function candidateOf(greenroom: Candidate, watching: Watching, agent: string): Candidate {
  return {
    ...greenroom,
    installation: builtGreenroom(),
    command: (node) => [node, program],
    env: { BENCH_AGENT: agent, BENCH_INSPECT: watching === 'off' ? 'off' : 'on' },
  };
}
