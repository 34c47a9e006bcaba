/** The command `dev`: supervises workers that are replaced when a file is saved. */
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { createActor, fromCallback, toPromise } from 'xstate';
import { initializeLogger, log } from '../log.ts';
import { optionRules } from '../options/rules.ts';
import type { LogLevel, WorkerOptionsInit } from '../worker-options.ts';
import { embed } from './embedded.ts';
import { devMachine } from './dev.machine.ts';
import { defineGeneration } from './dev-process.ts';
import type { DevFact, FilesEvent } from './dev.types.ts';
import { type SignalTrap, exitCodeOf } from './signals.ts';
import { watchFiles } from './watch-files.ts';

/** What to supervise. */
export interface Supervision {
  /** The files whose directories are watched. */
  files: readonly string[];
  flags: Partial<WorkerOptionsInit>;
  signals: SignalTrap;
  /** Brings a simulated server. */
  isEmbedded: boolean;
}

interface Line {
  level: 'info' | 'warn' | 'error';
  text: string;
}

type Texts = {
  [Type in DevFact['type']]: (fact: Extract<DevFact, { type: Type }>) => Line;
};

const texts: Texts = {
  'dev.starting': ({ files }) => ({
    level: 'info',
    text: `${changeOf(files)}: starting a new worker`,
  }),
  'dev.serving': ({ isReload }) => ({
    level: 'info',
    text: isReload
      ? 'the new worker takes the jobs now; the one before ends when its sessions have ended'
      : 'the worker takes jobs; it is replaced when a file is saved',
  }),
  'dev.kept': ({ failure }) => ({
    level: 'error',
    text: `the new worker does not work, the one before goes on${because(failure?.message)}`,
  }),
  'dev.waiting': ({ failure, code, signal }) => ({
    level: 'error',
    text: `the worker has ended (${signal ?? `exit code ${code}`})${because(failure?.message)}. It starts again when a file is saved.`,
  }),
  'dev.unwatched': ({ message }) => ({
    level: 'warn',
    text: `changes may go unnoticed: ${message}`,
  }),
  'dev.closing': ({ signal, step, workers }) => ({
    level: 'info',
    text:
      step === 'close'
        ? `${signal}: closing ${count(workers, 'worker')}; once more kills`
        : `${signal}: killing ${count(workers, 'worker')}`,
  }),
};

/** Returns the exit code. */
export async function superviseDev(supervision: Supervision): Promise<number> {
  const { files, flags, signals, isEmbedded } = supervision;
  const logger = setUpLogger(flags);
  const directories = topmost(files.flatMap(directoryOf));
  logger.info(
    { event: 'dev.watching', directories },
    `watching ${directories.map(shown).join(', ')}`,
  );
  const embedded = isEmbedded ? await embed(logger) : null;
  const supervisor = createActor(
    devMachine.provide({
      actors: {
        watchFiles: fromCallback(({ sendBack }) => {
          const report = (event: FilesEvent): void => sendBack(event);
          return watchFiles({
            directories,
            onChange: (changed) => report({ type: 'files.changed', files: changed }),
            onError: ({ message }) => report({ type: 'files.failed', message }),
          });
        }),
        generation: defineGeneration({
          args: [...process.argv.slice(1).filter(isForWorker), ...(embedded?.args ?? [])],
          // A debugger's port can be had only once.
          execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
          env: { ...process.env, ...embedded?.env },
        }),
      },
    }),
  );
  supervisor.on('*', (fact) => tell(logger, fact));
  // The program that calls cli.runApp() is loaded here too, though its worker is elsewhere: what fails in it is no reason to end.
  process.on('uncaughtException', (error) => {
    logger.warn({ err: error }, 'an error outside of the worker, in the supervisor of dev');
  });
  const ended = toPromise(supervisor);
  supervisor.start();
  signals.listen((signal) => supervisor.send({ type: 'dev.end', signal }));
  const output = await ended;
  await embedded?.close();
  return output.outcome === 'failed' ? 1 : exitCodeOf(output.signal);
}

/** The server is here, not in the workers. */
function isForWorker(word: string): boolean {
  return word !== '--embedded';
}

function tell(logger: Logger, fact: DevFact): void {
  const { type, ...fields } = fact;
  const { level, text } = lineOf(fact);
  logger[level]({ event: type, ...fields }, text);
}

function lineOf<Type extends DevFact['type']>(fact: Extract<DevFact, { type: Type }>): Line {
  return texts[fact.type](fact);
}

/** The workers check what was set; here it only has to be good enough for a log. */
function setUpLogger({ logLevel, logFormat }: Partial<WorkerOptionsInit>): Logger {
  const level: LogLevel =
    logLevel !== undefined && optionRules.logLevel.accepts(logLevel) ? logLevel : 'info';
  initializeLogger({ level, pretty: logFormat !== 'json' });
  return log();
}

/** Of a path or a `file:` URL; none of what is neither, which the worker will complain of. */
function directoryOf(file: unknown): string[] {
  if (typeof file !== 'string' || file === '') return [];
  return [dirname(file.startsWith('file:') ? fileURLToPath(file) : resolve(file))];
}

/** Directories that lie in another one of them are left out. */
function topmost(directories: readonly string[]): string[] {
  const unique = [...new Set(directories)];
  const lies = (inner: string, outer: string): boolean =>
    inner !== outer && !relative(outer, inner).startsWith('..');
  return unique.filter((inner) => !unique.some((outer) => lies(inner, outer)));
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  if (short === '') return '.';
  return short.startsWith('..') ? path : short;
}

function changeOf(files: readonly string[]): string {
  const [first = 'a file'] = files;
  const others = files.length - 1;
  return `${shown(first)}${others > 0 ? ` and ${others} more` : ''} changed`;
}

function because(message: string | undefined): string {
  return message === undefined ? '; its error stands above' : `: ${message}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
