import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createMachine, setup, type AnyStateMachine } from 'xstate';
import { jobProcessMachine } from '../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../machines/job/job.machine.ts';
import { processPoolMachine } from '../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../machines/registration/registration.machine.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import { workerMachine } from '../../machines/worker/worker.machine.ts';
import { selfCheck } from './self-check.ts';

const machines: AnyStateMachine[] = [
  jobMachine,
  jobProcessMachine,
  processPoolMachine,
  registrationMachine,
  sessionCloseMachine,
  sessionMachine,
  workerMachine,
];

describe('machine self-check', () => {
  test.each(machines.map((machine) => [machine.id, machine] as const))('%s', (_id, machine) => {
    expect(selfCheck(machine)).toEqual([]);
  });

  test('knows every machine of the folder', () => {
    const root = new URL('../../machines/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const ids = files
      .filter((file) => file.endsWith('.machine.ts'))
      .map((file) => /^ {2,4}id: '(\w+)',$/m.exec(readFileSync(new URL(file, root), 'utf8'))?.[1]);
    expect(new Set(machines.map((machine) => machine.id))).toEqual(new Set(ids));
  });

  test('finds each kind of mistake', () => {
    const actors = { missing: createMachine({}) };
    const machine = setup({ actors, guards: { known: () => true } }).createMachine({
      id: 'wrong',
      initial: 'a',
      on: { '*': {} },
      invoke: { id: 'child', src: 'missing' },
      states: {
        a: {
          description: 'x',
          entry: () => undefined,
          always: { guard: () => false, target: 'a' },
        },
      },
    });
    const broken = machine.provide({});
    Object.assign(broken.root.after, [{ delay: 'nowhere' }]);
    expect(selfCheck(broken)).toEqual([
      'wrong: has no description',
      "wrong: has a '*' transition",
      'wrong: invoke missing has no onError',
      'wrong: delay nowhere is not implemented',
      'wrong.a: has an action without a name',
      'wrong.a: has a guard without a name',
    ]);
  });
});
