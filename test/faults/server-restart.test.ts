/** A real server that is restarted while a session runs. */
import { expect } from 'vitest';
import { startCaseServer } from '../support/case-server.ts';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { newRoom, Stage } from '../support/stage.ts';
import type { WorkerProgram } from '../support/worker-program.ts';

/** The server answers again within a second: by then the worker has tried up to three times, and waits 2 s at most. */
const backWithinMs = 5_000;

section.concurrent('Server and network', () => {
  fault(
    'server restarted by SIGTERM, session running',
    { within: backWithinMs },
    async (record) => {
      const { server, stage, worker, caller, job } = await startCall(record);
      server.kill('SIGTERM');
      // It waits for everyone to leave, and takes workers and calls until then.
      const otherRoom = newRoom();
      const second = await stage.join(otherRoom, 'second');
      const other = await stage.call(worker, { room: otherRoom });
      expect(worker.program.events).not.toContain('registration.lost');
      await Promise.all([caller.leave(), second.leave()]);
      for (const { jobId } of [job, other]) {
        const ended = await worker.program.waitForEvent(
          'job.ended',
          (event) => event.jobId === jobId,
        );
        expect(ended).toMatchObject({ end: 'succeeded', session: { reason: 'room-closed' } });
      }
      await server.exited;
      await startCaseServer(record, server);
      record.start();
      await registeredAgain(worker.program);
      record('its sessions end with their rooms; then the worker registers again and takes jobs');
      await stage.call(worker);
    },
  );

  fault(
    'server restarted by SIGKILL, session running',
    { within: backWithinMs },
    async (record) => {
      const { server, stage, worker, job } = await startCall(record);
      server.kill('SIGKILL');
      await server.exited;
      await startCaseServer(record, server);
      record.start();
      await registeredAgain(worker.program);
      record('the worker registers again and takes jobs, the agent finds back into its room');
      const news = await worker.program.waitForLog(
        'What becomes of the call',
        ({ event, type, jobId }) =>
          jobId === job.jobId && (event === 'job.ended' || type === 'session.reconnected'),
        { timeoutMs: 30_000 },
      );
      expect(news).toMatchObject({ type: 'session.reconnected' });
      await stage.call(worker);
    },
  );
});

/** A server of its own, a worker, and a caller who talks to an agent. */
async function startCall(record: FaultRecord) {
  const server = await startCaseServer(record);
  const stage = new Stage(server);
  record.after(() => stage.clear());
  const worker = await stage.startWorker('obeys');
  const room = newRoom();
  const caller = await stage.join(room, 'caller');
  const job = await stage.call(worker, { room });
  await caller.waitForParticipant(job.identity);
  return { server, stage, worker, caller, job };
}

async function registeredAgain(program: WorkerProgram): Promise<void> {
  const from = program.log.items.findIndex(({ event }) => event === 'registration.lost');
  expect(from).toBeGreaterThan(0);
  const isIt = ({ event }: { event?: string }) => event === 'registration.registered';
  await program.log.waitFor('The registration', isIt, { from });
}
