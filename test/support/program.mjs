/** Starts a program that cannot outlive us and reads what it prints. Plain JavaScript without dependencies, for `npm start`. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Recorder } from './recorder.mjs';

const linesInMessages = 40;
const lastLinesMs = 500;
const progressEveryMs = 10_000;

/**
 * How a program ended.
 * @typedef {object} Exit
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 */

/**
 * A program that was started.
 * @typedef {object} Program
 * @property {number} pid
 * @property {Recorder<string>} output Standard output and error, line by line.
 * @property {Promise<Exit>} exited Resolves when it has ended and its last lines are read.
 * @property {(signal: NodeJS.Signals) => boolean} kill Signals the program alone, not what it has started.
 */

/**
 * Starts a program in a process group of its own.
 * @param {import('./guard.mjs').Guard} guard
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('./guard.mjs').SpawnOptions} [options]
 * @returns {Program}
 */
export function startProgram(guard, command, args, options) {
  const child = guard.spawn(command, args, options);
  let closed = false;
  child.once('close', () => (closed = true));
  const output = new Recorder(lastLines);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => output.add(line));
  }
  const exited = once(child, 'exit').then(async ([code, signal]) => {
    // The last lines may come after the exit; what it has started may hold its output open for ever.
    if (!closed)
      await Promise.race([once(child, 'close'), pause(lastLinesMs, null, { ref: false })]);
    return { code, signal };
  });
  return { pid: child.pid, output, exited, kill: (signal) => child.kill(signal) };
}

/**
 * Sends SIGTERM, again after `graceMs`, and SIGKILL after `killAfterMs`; waits for the end.
 * @param {Pick<Program, 'kill' | 'exited'>} program
 * @param {{ graceMs: number, killAfterMs: number }} limits
 * @returns {Promise<Exit>}
 */
export async function stopProgram(program, { graceMs, killAfterMs }) {
  program.kill('SIGTERM');
  const again = setTimeout(() => program.kill('SIGTERM'), graceMs);
  const force = setTimeout(() => program.kill('SIGKILL'), killAfterMs);
  try {
    return await program.exited;
  } finally {
    clearTimeout(again);
    clearTimeout(force);
  }
}

/**
 * Tells every ten seconds how long something has been going on.
 * @template Result
 * @param {(line: string) => void} report
 * @param {string} doing
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function tellProgress(report, doing, work) {
  const started = Date.now();
  const tell = () => report(`${doing}: ${Math.round((Date.now() - started) / 1000)} s so far`);
  const ticker = setInterval(tell, progressEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(ticker);
  }
}

/**
 * The end of a program in words: `exit code 1`, `SIGKILL`.
 * @param {Exit} exit
 */
export function describeExit({ code, signal }) {
  return signal ?? `exit code ${code}`;
}

/**
 * The last lines of a program's output, for messages.
 * @param {readonly string[]} lines
 */
export function lastLines(lines) {
  return lines.length === 0
    ? 'It printed nothing.'
    : `Its last lines:\n${lines.slice(-linesInMessages).join('\n')}`;
}

/**
 * A line of a JSON log, or `null` for anything else that a program prints.
 * @param {string} line
 * @returns {Record<string, unknown> | null}
 */
export function parseLogLine(line) {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
