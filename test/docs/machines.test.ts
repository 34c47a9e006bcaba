import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { jobProcessMachine } from '../../machines/job-process/job-process.machine.ts';
import { jobMachine } from '../../machines/job/job.machine.ts';
import { processPoolMachine } from '../../machines/process-pool/process-pool.machine.ts';
import { registrationMachine } from '../../machines/registration/registration.machine.ts';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import { workerMachine } from '../../machines/worker/worker.machine.ts';
import { machinePage } from './machine-page.ts';

const pages: Record<string, AnyStateMachine> = {
  'job-process': jobProcessMachine,
  job: jobMachine,
  'process-pool': processPoolMachine,
  registration: registrationMachine,
  'session-close': sessionCloseMachine,
  session: sessionMachine,
  worker: workerMachine,
};

describe('machine pages', () => {
  test.each(Object.entries(pages))('%s is what the machine says', async (name, machine) => {
    await expect(machinePage(machine)).toMatchFileSnapshot(
      `../../docs/reference/machines/${name}.md`,
    );
  });
});
