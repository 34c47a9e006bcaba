/**
 * `npm start`: runs Greenroom's main job where you can watch it, on a fresh clone with nothing but Node and npm.
 *
 * It installs, builds, finds a LiveKit server (or builds one), starts the worker of agent.js, calls the agent with call.js
 * and tells what every process does, until the worker has drained.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startGuard } from '../../../test/support/guard.mjs';
import { describeExit, startProgram, stopProgram } from '../../../test/support/program.mjs';
import { Narrator } from './narrator.mjs';
import { build, installPackages } from './prepare.mjs';
import { bringServer } from './server.mjs';
import { Interruption, Steps } from './steps.mjs';
import { printSummary, rowsOfJob } from './summary.mjs';
import { WatchedWorker } from './watch-worker.mjs';

/**
 * @typedef {import('./server.mjs').UsedServer} UsedServer
 * @typedef {import('../../../test/support/program.mjs').Program} Program
 */

const root = fileURLToPath(new URL('../../..', import.meta.url));
const agentFile = 'docs/examples/main-job/agent.js';
const callFile = 'docs/examples/main-job/call.js';
const simulatedCallFile = 'docs/examples/main-job/simulated-call.js';
const parentCheckMs = 1000;
const linesOnFailure = 15;
const lineWidth = 200;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const usage = `Usage: npm start [-- --stay]

Runs a worker with an example agent, calls the agent, and shows what happens until the worker has drained.

  --stay   Keeps the worker up afterwards and tells how to call its agent. The first Ctrl-C drains it: jobs that run
           end by themselves, and the exit code is 0. A second Ctrl-C closes it at once: the exit code is 130.

The server is the first of: LIVEKIT_URL (with LIVEKIT_API_KEY and LIVEKIT_API_SECRET), LIVEKIT_SERVER_BIN, livekit-server
on the PATH, one that was built before, one that is built now with Go. Without any of these it is a simulated one, with
everything but sound and video. NO_COLOR turns colours off.
`;

const narrator = new Narrator(process.stdout);
const steps = new Steps();
const guard = startGuard();
/** What ends the programs that run, in the order they were started. @type {(() => Promise<unknown>)[]} */
const endings = [];
/** The programs whose last lines explain a failure, by name. @type {Map<string, Program>} */
const programs = new Map();
/** The pids of programs that may end now. @type {Set<number>} */
const mayEnd = new Set();
/** @type {(signal: keyof typeof exitCodes) => void} */
let onSignal = (signal) => steps.fail(new Interruption(signal));

// A wait that was given up may have a timer left.
process.exit(await main(process.argv.slice(2)));

/**
 * @param {string[]} args
 * @returns {Promise<number>} The exit code.
 */
async function main(args) {
  const unknown = args.find((arg) => arg !== '--stay' && arg !== '--help');
  if (unknown !== undefined) process.stderr.write(`There is no option ${unknown}.\n\n`);
  if (unknown !== undefined || args.includes('--help')) {
    process.stdout.write(usage);
    return unknown === undefined ? 0 : 1;
  }
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => onSignal(signal));
  }
  endWithNpm();
  try {
    await performMainJob(args.includes('--stay'));
    await endPrograms();
    printSummary(narrator, steps.rows);
    return 0;
  } catch (error) {
    const log = lastLines();
    if (error instanceof Interruption) {
      narrator.say({ who: 'start', text: `ends everything (${error.signal})` });
    }
    await endPrograms();
    if (error instanceof Interruption) return exitCodes[error.signal];
    explain(error, log);
    return 1;
  }
}

/** @param {boolean} stay */
async function performMainJob(stay) {
  narrator.print(
    narrator.paint('bold', 'Greenroom: the main job of a worker, from its start to its drain'),
  );
  narrator.print();
  const report = (/** @type {string} */ text) => narrator.say({ who: 'start', text });
  await steps.run('install packages', () => installPackages({ root, guard, report }), {
    result: String,
  });
  await steps.run('build', () => build({ root, guard, report }), {
    result: String,
    withinMs: 120_000,
  });
  const server = await steps.run('start the server', () => bringServer({ guard, narrator }), {
    result: ({ origin }) => origin,
  });
  if (server.own) {
    const { own } = server;
    endings.push(() => own.stop({ graceMs: 500 }));
    mustGoOn('server', own);
  }
  if (server.embedded) endings.push(server.embedded.close);
  const callee = server.embedded ? simulatedCallFile : callFile;
  const env = environmentFor(server);
  const worker = await steps.run('start the worker', () => bringWorker(env), { withinMs: 30_000 });
  const room = `main-job-${randomUUID().slice(0, 8)}`;
  const spoken = await steps.run('call the agent', () => call(env, callee, room), {
    withinMs: 30_000,
  });
  await steps.run('close the session', () => worker.untilJobEnded(room), {
    withinMs: 30_000,
    result: ({ line }) => `${line['end']}; the job process ended with exit code 0`,
  });
  steps.rows.push(...rowsOfJob(new Map([...spoken, ...worker.momentsOf(room)])));
  if (stay) await steps.run('stay up', () => untilSignal(env, callee));
  await steps.run('drain the worker', () => drain(worker), { result: describeExit });
}

/**
 * What a worker and a caller need to know of the server. The agent name is one that no other worker of a shared server has.
 * @param {UsedServer} server
 */
function environmentFor({ url, apiKey, apiSecret, own, embedded }) {
  return {
    LIVEKIT_URL: url,
    LIVEKIT_API_KEY: apiKey,
    LIVEKIT_API_SECRET: apiSecret,
    // Else the WebRTC library writes its debug log.
    NODE_ENV: 'production',
    ...embedded?.env,
    ...(own === null &&
      !embedded && { LIVEKIT_AGENT_NAME_OVERRIDE: `main-job-${randomUUID().slice(0, 8)}` }),
  };
}

/**
 * Resolves when the worker is registered and a job process has proven that the agent works.
 * @param {Record<string, string>} env
 * @returns {Promise<WatchedWorker>}
 */
async function bringWorker(env) {
  const worker = new WatchedWorker({
    guard,
    narrator,
    agent: agentFile,
    args: ['start', '--log-level', 'debug'],
    cwd: root,
    env: { ...process.env, ...env },
  });
  endings.push(() => stopProgram(worker.program, { graceMs: 500, killAfterMs: 8000 }));
  mustGoOn('worker', worker.program);
  await worker.waitFor('worker.available');
  return worker;
}

/**
 * @param {Record<string, string>} env
 * @param {string} file
 * @param {string} room
 * @returns {Promise<Map<string, number>>} When the caller did what.
 */
async function call(env, file, room) {
  const options = { cwd: root, env: { ...process.env, ...env } };
  const caller = startProgram(guard, process.execPath, [file, room], options);
  endings.push(() => stopProgram(caller, { graceMs: 500, killAfterMs: 1000 }));
  programs.set('caller', caller);
  const moments = new Map();
  caller.output.watch((text) => {
    narrator.say({ who: 'caller', pid: caller.pid, text });
    if (text.startsWith('dispatched')) moments.set('call.dispatched', Date.now());
    if (text === 'hung up') moments.set('call.hungUp', Date.now());
  });
  const exit = await caller.exited;
  if (exit.code !== 0) throw new Error(`The caller ended with ${describeExit(exit)}.`);
  return moments;
}

/**
 * Tells how to call the agent and waits for Ctrl-C.
 * @param {Record<string, string>} env
 * @param {string} file
 * @returns {Promise<void>}
 */
function untilSignal(env, file) {
  const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  narrator.print();
  narrator.print(
    'The worker stays up. Call its agent from another terminal, in this folder, as often as you like:',
  );
  narrator.print();
  narrator.print(narrator.paint('bold', `${variables.join(' ')} node ${file}`));
  narrator.print();
  narrator.print('Ctrl-C drains the worker and ends.');
  narrator.print();
  return new Promise((resolve) => {
    onSignal = () => resolve();
  });
}

/**
 * Ends the worker as a deploy would. A signal that comes now is its second one: it closes at once.
 * @param {WatchedWorker} worker
 */
async function drain({ program }) {
  onSignal = (signal) => steps.fail(new Interruption(signal));
  mayEnd.add(program.pid);
  narrator.say({ who: 'start', text: 'sends SIGTERM to the worker' });
  program.kill('SIGTERM');
  const exit = await program.exited;
  narrator.say({
    who: 'worker',
    pid: program.pid,
    text: `has ended: ${describeExit(exit)}`,
    tone: 'important',
  });
  if (exit.code !== 0) throw new Error(`The worker ended with ${describeExit(exit)}.`);
  return exit;
}

/**
 * Fails the run when a program ends that should not.
 * @param {string} name
 * @param {Program} program
 */
function mustGoOn(name, program) {
  programs.set(name, program);
  void program.exited.then((exit) => {
    if (mayEnd.has(program.pid)) return;
    steps.fail(new Error(`The ${name} has ended (${describeExit(exit)}).`));
  });
}

/** Ends what runs, last started first, and whatever resists. A signal that comes now ends everything at once. */
async function endPrograms() {
  onSignal = () => void guard.close();
  for (const end of endings.toReversed()) await end();
  await guard.close();
}

/**
 * A killed npm cannot pass the signal on, and without it nobody would be watching.
 */
function endWithNpm() {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const npm = process.ppid;
  const check = () => {
    if (process.ppid !== npm) steps.fail(new Interruption('SIGHUP'));
  };
  setInterval(check, parentCheckMs).unref();
}

/** What each program printed last. */
function lastLines() {
  return [...programs].flatMap(([name, { pid, output }]) => [
    '',
    narrator.paint('bold', `Last lines of the ${name} (process ${pid}):`),
    ...output.items.slice(-linesOnFailure).map((line) => line.slice(0, lineWidth)),
  ]);
}

/**
 * Tells why the run failed; the reason comes last, where one looks first.
 * @param {unknown} error
 * @param {readonly string[]} log
 */
function explain(error, log) {
  for (const line of log) narrator.print(line);
  narrator.print();
  const reason = error instanceof Error ? error.message : String(error);
  narrator.print(`${narrator.paint('red', 'Failed at the step')} ${reason}`);
}
