/** Measures the machines, in a process of their own: prints one JSON object, a value for each figure. */
import type { InspectionEvent } from 'xstate';
import { measuredMachines, type FigureName, type MachineName } from '../figures.ts';
import { type Inspected, lives, startWorker } from './lives.ts';

const microsecondsPerMs = 1_000;
const bytesPerKiB = 1024;
const heldJobs = 200;
const turns = 5;

/** CPU time for each figure. */
const windowMs = Number(process.argv[2] ?? 300);

interface Repeated {
  times: number;
  cpuMs: number;
}

const machineIds: Record<MachineName, string> = {
  worker: 'worker',
  registration: 'registration',
  job: 'job',
  'process-pool': 'processPool',
  'job-process': 'jobProcess',
  session: 'session',
  'session-close': 'sessionClose',
};

const inspected: Inspected = { inspect: () => {} };
const values: Partial<Record<FigureName, number>> = {};
for (const machine of measuredMachines) {
  const live = lives[machine];
  const events = await eventsInLife(machine);
  // Both ways are warm before either is measured.
  await repeat(() => live({}), windowMs);
  await repeat(() => live(inspected), windowMs);
  const bare = { times: 0, cpuMs: 0 };
  const watched = { times: 0, cpuMs: 0 };
  // In turns: what else this machine does meets both.
  for (let turn = 0; turn < turns; turn += 1) {
    add(bare, await repeat(() => live({}), windowMs / turns));
    add(watched, await repeat(() => live(inspected), windowMs / turns));
  }
  values[`machine-${machine}`] = perSecond(bare, events);
  values[`machine-${machine}-inspected`] = perSecond(watched, events);
}
values['machines-job-cpu'] = await jobMicroseconds();
values['machines-job-memory'] = (await jobBytes()) / bytesPerKiB;
process.stdout.write(`${JSON.stringify(values)}\n`);

function add(sum: Repeated, more: Repeated): void {
  sum.times += more.times;
  sum.cpuMs += more.cpuMs;
}

function perSecond({ times, cpuMs }: Repeated, events: number): number {
  return (times * events * 1_000) / cpuMs;
}

/** How many events the machine itself takes in one life. */
async function eventsInLife(machine: MachineName): Promise<number> {
  let count = 0;
  await lives[machine]({
    inspect: (event: InspectionEvent) => {
      if (event.type !== '@xstate.event') return;
      const { logic } = event.actorRef as { logic?: { id?: string } };
      if (logic?.id === machineIds[machine]) count += 1;
    },
  });
  if (count === 0) throw new Error(`The machine ${machine} took no event in its life.`);
  return count;
}

async function jobMicroseconds(): Promise<number> {
  const { actor, runJob, endJob } = startWorker({});
  let jobs = 0;
  const runOne = async (): Promise<void> => {
    jobs += 1;
    await runJob(`AJ_${jobs}`);
    await endJob(`AJ_${jobs}`);
  };
  await repeat(runOne, windowMs);
  const { times, cpuMs } = await repeat(runOne, windowMs);
  actor.stop();
  return (cpuMs * microsecondsPerMs) / times;
}

async function jobBytes(): Promise<number> {
  const { actor, runJob } = startWorker({});
  await runJob('AJ_first');
  const before = heapBytes();
  for (let count = 0; count < heldJobs; count += 1) await runJob(`AJ_${count}`);
  const after = heapBytes();
  actor.stop();
  return (after - before) / heldJobs;
}

function heapBytes(): number {
  if (global.gc === undefined) throw new Error('Start this with --expose-gc.');
  global.gc();
  global.gc();
  return process.memoryUsage().heapUsed;
}

async function repeat(work: () => Promise<unknown>, forMs: number): Promise<Repeated> {
  const started = processCpuMs();
  let times = 0;
  while (processCpuMs() - started < forMs) {
    await work();
    times += 1;
  }
  return { times, cpuMs: processCpuMs() - started };
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / microsecondsPerMs;
}
