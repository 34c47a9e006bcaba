/** The job process with a real process, a real link and real signals. */
import { type AnyActor, createActor } from 'xstate';
import { jobProcessMachine } from '../../../machines/job-process/job-process.machine.ts';
import type { PoolReport, ProcessReport } from '../../../machines/job-process/job-process.types.ts';
import { defineSampleMemory } from '../../../src/actors/sample-memory.ts';
import { listener } from '../../machines/fakes.ts';
import { limits, order } from '../../machines/job-process/harness.ts';
import type { Proof } from './proof.ts';
import { failure, puppetExits, Puppets, puppetSays, reports, warm } from './puppets.ts';
import {
  failable,
  failChild,
  type Happenings,
  ManualClock,
  realMachine,
  Witness,
} from './real-machine.ts';

const close = { type: 'close', reason: 'worker-closing', detail: '' } as const;
const input = { process: 'process.1', limits, pool: listener<PoolReport>().ref };
const client = listener<ProcessReport>().ref;
const causes = [{ cause: 'worker-closing' }, { cause: 'close-timeout' }];

/** What a job process is proven with. */
export const jobProcess: Proof = {
  name: 'job-process',
  machine: jobProcessMachine,
  world: 'An operating-system process in its own group, its link, signals, and the memory monitor.',
  doubles: [
    '`xstate.error.actor.memory`: what cannot be read is passed over by the monitor itself',
  ],
  inputs: [input],
  events: {
    ...reports,
    'process.claim': [{ client }],
    'process.launch': [{ order }],
    'process.tell': [{ message: close }, { message: { type: 'terminate' } }],
    'process.stop': causes,
    'process.kill': [{ cause: 'worker-closing' }],
    'child.spawned': [{ pid: 101 }],
    'link.warm': [{ warmupMs: 1 }],
    'link.warmupFailed': [{ failure, fatal: false }],
    // An answer to the latest ping; the first has the number 1.
    'link.ponged': ({ context }) => [{ id: context.pingId }],
    'memory.high': [{ memoryBytes: 600_000_000 }],
    'memory.exceeded': [{ memoryBytes: 2_000_000_000 }],
    'xstate.done.actor.child': [{ output: { pid: 101, code: 3, signal: null } }],
    'xstate.error.actor.child': ({ context }) =>
      context.pid === null ? [{ error: new Error('ENOENT') }] : [],
    'xstate.error.actor.memory': [{ error: new Error('a bug in this actor') }],
  },
  key: ({ value, context }) =>
    JSON.stringify([value, context.cause, context.order === null, context.pid, context.pingId > 0]),
  start: (inspect, { events }) => {
    const witness = new Witness();
    const clock = new ManualClock();
    const puppets = new Puppets();
    puppets.areBroken = events.some(({ type }) => type === 'xstate.error.actor.child');
    const memory = { bytes: 0 };
    const sampleMemory = failable(
      defineSampleMemory({ periodMs: 1, read: () => Promise.resolve(memory.bytes) }),
    );
    const actor: AnyActor = createActor(
      jobProcessMachine.provide({ actors: { childProcess: puppets.logic(), sampleMemory } }),
      {
        clock,
        input,
        inspect: (event) => {
          inspect(event);
          witness.inspect(event);
        },
      },
    );
    witness.actor = actor;
    actor.start();
    return realMachine({
      witness,
      actor,
      clock,
      happenings: happenings(actor, memory),
      stop: () => puppets.end(),
    });
  },
};

function happenings(actor: AnyActor, memory: { bytes: number }): Happenings {
  const sees = ({ memoryBytes }: Record<string, unknown>): void => {
    memory.bytes = Number(memoryBytes);
  };
  return {
    ...Object.fromEntries(
      Object.keys(reports).map((type) => [type, (event: object) => puppetSays(actor, event)]),
    ),
    // It comes by itself.
    'child.spawned': () => {},
    'link.warm': () => puppetSays(actor, warm),
    'link.warmupFailed': ({ fatal }) => puppetSays(actor, { type: 'warmupFailed', failure, fatal }),
    'link.ponged': () => {
      const { context } = actor.getSnapshot() as { context: { pingId: number } };
      puppetSays(actor, { type: 'pong', id: context.pingId });
    },
    'memory.high': sees,
    'memory.exceeded': sees,
    'xstate.done.actor.child': () => puppetExits(actor, 3),
    // Nothing could be started.
    'xstate.error.actor.child': () => {},
    'xstate.error.actor.memory': () => failChild(actor, 'memory'),
  };
}
