/** The end of the process, and what it says on the way. */
import { WorkerError } from '../errors.ts';

/** How long a reader of our output may take to read the rest. */
const drainTimeoutMs = 2000;

/** Nobody reads the output any more: no reason to end, as jobs may run. The log's own streams know this already. */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Ends the process when what it has printed is on its way; whatever the program still has open is cut. */
export async function exitProcess(code: number): Promise<never> {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(code);
}

/** Prints text that a command was asked for. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Prints what went wrong: the message alone, with the stack only for those who ask for a log of level debug. */
export function printFailure(error: unknown, { verbose = false } = {}): void {
  const code = error instanceof WorkerError ? ` ${error.code}` : '';
  const message = error instanceof Error ? error.message : String(error);
  const stack = verbose && error instanceof Error && error.stack !== undefined ? error.stack : '';
  process.stderr.write(`Error${code}: ${message}\n${stack === '' ? '' : `${stack}\n`}`);
}

/** Whether the log is asked for in so much detail that stacks are welcome: by flag or environment, not by default. */
export function asksForDetails(level: string | undefined): boolean {
  const { LIVEKIT_LOG_LEVEL: first, LOG_LEVEL: second } = process.env;
  return /^(debug|trace)$/i.test(level ?? (first || second || ''));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable || stream.writableLength === 0) return resolve();
    setTimeout(resolve, drainTimeoutMs).unref();
    stream.write('', () => resolve());
  });
}
