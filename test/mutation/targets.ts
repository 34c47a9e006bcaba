/** The machines that are mutated, and the quick tests that are to catch the mutants. */
import type { AnyStateMachine } from 'xstate';
import { jobProcessMachine } from '../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../machines/job/job.machine.ts';
import { processPoolMachine } from '../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../machines/registration/registration.machine.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import { workerMachine } from '../../machines/worker/worker.machine.ts';
import { mutationsOf, type Mutation } from './mutations.ts';

/** One machine with its own tests first, and then those of whoever uses it. */
export interface Target {
  name: string;
  machine: AnyStateMachine;
  tests: string[];
}

const testsOf = (name: string) => `../machines/${name}/${name}.test.ts`;

/** In the order in which they are told. */
export const targets: Target[] = [
  {
    name: 'registration',
    machine: registrationMachine,
    tests: ['registration', 'worker'].map(testsOf),
  },
  { name: 'worker', machine: workerMachine, tests: ['worker'].map(testsOf) },
  { name: 'job', machine: jobMachine, tests: ['job', 'worker'].map(testsOf) },
  {
    name: 'process-pool',
    machine: processPoolMachine,
    tests: ['process-pool', 'worker'].map(testsOf),
  },
  {
    name: 'job-process',
    machine: jobProcessMachine,
    tests: ['job-process', 'process-pool', 'worker'].map(testsOf),
  },
  { name: 'session', machine: sessionMachine, tests: ['session'].map(testsOf) },
  {
    name: 'session-close',
    machine: sessionCloseMachine,
    tests: ['session-close', 'session'].map(testsOf),
  },
];

/** The mutants of a target. */
export function mutantsOf({ machine }: Target): Mutation[] {
  return mutationsOf(machine.config);
}
