/** What a job process does before it can take a job. */
import type { Failure } from '../../machines/messages.ts';
import { toFailure, WorkerError } from '../errors.ts';
import type { AgentDefinition } from './agent-definition.ts';
import type { JobProcess } from './job-process.ts';
import { loadFailure } from './load-agent.ts';
import type { ProgramHost } from './program-host.ts';
import type { Rtc } from './rtc.ts';

/** A job process that is ready for a job. */
export interface Warm {
  agent: AgentDefinition;
  rtc: Rtc;
}

/** Why a job process did not get warm. */
export interface WarmUpFailure {
  failure: Failure;
  /** Another try cannot help: the agent file itself is wrong. */
  fatal: boolean;
}

/** Warms up one job process. */
export class WarmUp {
  readonly #path: string;
  readonly #proc: JobProcess;
  readonly #load: Pick<ProgramHost, 'loadRtc' | 'loadAgent'>;
  #isLoaded = false;

  constructor(path: string, proc: JobProcess, load: Pick<ProgramHost, 'loadRtc' | 'loadAgent'>) {
    this.#path = path;
    this.#proc = proc;
    this.#load = load;
  }

  /** Loads the native library and the agent file, then runs `prewarm`. */
  async run({ verbose }: { verbose: boolean }): Promise<Warm> {
    const rtc = await this.#load.loadRtc({ verbose });
    const agent = await this.#load.loadAgent(this.#path);
    this.#isLoaded = true;
    await agent.prewarm?.(this.#proc);
    return { agent, rtc };
  }

  /** What an error means: one that was thrown to nobody is the fault of whatever ran at that time. */
  failureOf(error: unknown): WarmUpFailure {
    if (this.#isLoaded) {
      const reason = error instanceof Error ? error.message : String(error);
      const prewarm = new WorkerError('GR_PREWARM_FAILED', `prewarm failed: ${reason}`);
      if (error instanceof Error && error.stack !== undefined) prewarm.stack = error.stack;
      return { failure: toFailure(prewarm, 'GR_PREWARM_FAILED'), fatal: false };
    }
    const known =
      error instanceof WorkerError
        ? error
        : loadFailure(error instanceof Error ? error.message : String(error), error, this.#path);
    return { failure: toFailure(known, 'GR_AGENT_LOAD_FAILED'), fatal: true };
  }
}
