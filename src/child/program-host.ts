/** What the program of a job process stands on: the process that it has to itself, or one that it shares with a test. */
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { initializeLogger, log, type LoggerOptions } from '../log.ts';
import type { AgentDefinition } from './agent-definition.ts';
import { setProcessJob } from './job-context-storage.ts';
import type { JobContext } from './job-context.ts';
import { optimizeLater } from './later-optimization.ts';
import { loadAgent } from './load-agent.ts';
import { loadRtc, type Rtc } from './rtc.ts';

/** Where the program of a job process runs. */
export interface ProgramHost {
  /**
   * Calls `terminated` when the process is asked to end, `uncaught` with an error that nothing caught, and `exiting` when
   * the process ends, whoever ends it.
   */
  listen(listeners: {
    terminated: () => void;
    uncaught: (error: unknown) => void;
    exiting: () => void;
  }): void;
  initializeLogger(options: LoggerOptions): void;
  log(): Logger;
  loadRtc(options: { verbose: boolean }): Promise<Rtc>;
  loadAgent(path: string): Promise<AgentDefinition>;
  /** A session begins: the only one of the process. */
  enterJob(ctx: JobContext): void;
  /** Keeps what was compiled, now that nobody waits; answers how many modules that were, or `null` when it is not known. */
  keepCode?: () => number | null;
  exit(code: number): void;
  /** How long the process has been running. */
  upMs(): number;
  /** What the delays of the session go by; the real time without it. */
  clock?: Clock;
}

/** A process of its own: `exit()` ends it, whatever the agent has left running. */
export const ownProcess: ProgramHost = {
  listen: ({ terminated, uncaught, exiting }) => {
    // Ctrl-C goes to every process of the terminal: what to do is for the worker to say.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', terminated);
    process.on('uncaughtException', uncaught);
    process.on('unhandledRejection', uncaught);
    process.on('exit', exiting);
  },
  initializeLogger,
  log,
  loadRtc,
  loadAgent,
  enterJob: (ctx) => {
    optimizeLater();
    process.title = `greenroom job ${ctx.job.id}`;
    setProcessJob(ctx);
  },
  exit: (code) => process.exit(code),
  upMs: () => performance.now(),
};
