/** The program behind `cli.runApp()` and behind the `greenroom` binary: one command line, from its words to the exit code. */
import { version } from '../version.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { SupervisorLink } from './dev-link.ts';
import { asksForDetails, exitProcess, ignoreBrokenPipes, print, printFailure } from './exit.ts';
import { type Usage, helpHint, helpText } from './help.ts';
import { type Order, UsageError, parseCommandLine } from './parse-command-line.ts';
import { type SignalTrap, exitCodeOf } from './signals.ts';

/** A program with a command line. */
export interface Program {
  usage: Usage;
  args: readonly string[];
  /** The options of the worker; `file` is what the binary was given. */
  load: (file: string | null) => Promise<WorkerOptionsInit>;
  /** The files whose directories `dev` watches. */
  files: (file: string | null) => string[];
  signals: SignalTrap;
}

type Run = Extract<Order, { type: 'run' }>;

/** Runs the command and ends the process. */
export async function runProgram(program: Program): Promise<never> {
  ignoreBrokenPipes();
  return exitProcess(await run(program));
}

/** Returns the exit code. */
async function run(program: Program): Promise<number> {
  let order: Order;
  try {
    order = parseCommandLine(program.args, program.usage);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n${helpHint(program.usage)}\n`);
    return 1;
  }
  if (order.type === 'run') return runCommand(program, order);
  print(order.type === 'version' ? `${version}\n` : helpText(program.usage, order.command));
  return 0;
}

async function runCommand(program: Program, order: Run): Promise<number> {
  const { command, file, flags, isEmbedded } = order;
  if (command !== 'start') process.env['LIVEKIT_DEV_MODE'] = '1';
  const link = command === 'dev' ? SupervisorLink.open() : null;
  if (command === 'dev' && link === null) {
    const { superviseDev } = await import('./dev.ts');
    const { signals } = program;
    return superviseDev({ files: program.files(file), flags, signals, isEmbedded });
  }
  endWhileLoading(program.signals, command, link);
  try {
    return await serve(program, order, link, await program.load(file));
  } catch (error) {
    printFailure(error, { verbose: asksForDetails(flags.logLevel) });
    link?.failed(error);
    return 1;
  }
}

/** A file that never finishes loading must not keep the program from ending: until then there is nothing to drain. */
function endWhileLoading(
  signals: SignalTrap,
  command: Run['command'],
  link: SupervisorLink | null,
): void {
  signals.listen((signal) => void exitProcess(command === 'start' ? 0 : exitCodeOf(signal)));
  link?.listen(() => void exitProcess(0));
}

/** Each command is loaded only when it is asked for. */
async function serve(
  { signals }: Program,
  { command, flags, room, participantIdentity }: Run,
  link: SupervisorLink | null,
  init: WorkerOptionsInit,
): Promise<number> {
  const service = { init, flags, signals };
  if (link !== null) return (await import('./dev-generation.ts')).serveGeneration(service, link);
  if (command === 'start') return (await import('./start.ts')).start(service);
  return (await import('./connect.ts')).connect(service, { room: room ?? '', participantIdentity });
}
