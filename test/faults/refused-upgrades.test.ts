/** The server answers the upgrade with an HTTP status: on the first connection, and once the worker has been registered. */
import { expect } from 'vitest';
import { fault, section } from '../support/fault.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { agentFile } from '../support/stage.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

/** Three tries in a row cost 0.5 s, 1 s and 2 s of back-off at most. */
const afterThreeMs = 5_000;

section.concurrent('Server and network', () => {
  for (const status of [401, 403, 404]) {
    fault(`upgrade refused with ${status} at first`, { within: 5_000 }, async (record) => {
      const server = await ScriptedServer.start(record);
      server.upgrade = status;
      const worker = new LibraryWorker(record, server.access);
      record.start();
      const started = worker.handle.start();
      await expect(started).rejects.toMatchObject({ code: 'GR_REGISTRATION_REFUSED' });
      const { outcome, failure } = await worker.handle.done;
      record(`the worker ends and says why (${failure?.code})`);
      expect(outcome).toBe('failed');
      expect(failure?.message).toContain(`HTTP ${status} "no". `);
      expect(failure?.message).toContain(status === 404 ? 'check the URL' : 'LIVEKIT_API_SECRET');
      expect(server.requests.items).toHaveLength(1);
      for (const { pid } of worker.all('process.starting')) expect(runs(pid ?? 0)).toBe(false);
    });
  }

  fault('upgrade refused with 401 at first, worker program', { within: 5_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    server.upgrade = 401;
    const program = startWorkerProgram({ agent: agentFile('stays'), server: server.access });
    record.after(() => program.stop());
    const exit = await program.exited;
    record(`exit code ${exit.code}`);
    expect(exit).toEqual({ code: 1, signal: null });
    expect(program.output.items.join('\n')).toMatch(/^Error GR_REGISTRATION_REFUSED: .*401/m);
  });

  for (const status of [429, 500, 503]) {
    fault(`upgrade refused with ${status} at first`, { within: afterThreeMs }, async (record) => {
      const server = await ScriptedServer.start(record);
      server.upgrade = status;
      const worker = LibraryWorker.launch(record, server.access);
      await server.request(1);
      record.start();
      await server.request(3);
      server.upgrade = 'accept';
      await server.available(1);
      record('tried again until it is let in');
      expectReasons(worker, status, 3);
    });
  }

  for (const status of [401, 403, 404, 429, 500, 503]) {
    const name = `upgrade refused with ${status} after it was registered`;
    fault(name, { within: afterThreeMs }, async (record) => {
      const server = await ScriptedServer.start(record);
      const worker = await LibraryWorker.start(record, server.access);
      const first = await server.available(1);
      await first.dispatch('AJ_1');
      const pid = await worker.pidOf('AJ_1');
      server.upgrade = status;
      record.start();
      first.drop();
      await server.request(3);
      server.upgrade = 'accept';
      const second = await server.available(2);
      record('tried again until it is let in, the job goes on');
      expectReasons(worker, status, 2);
      expect(await second.next('migrateJob')).toMatchObject({ jobIds: ['AJ_1'] });
      expect(runs(pid)).toBe(true);
      expect(worker.handle.activeJobs).toEqual([{ jobId: 'AJ_1', phase: 'running' }]);
    });
  }
});

function expectReasons(worker: LibraryWorker, status: number, refusals: number): void {
  const reasons = worker.all('registration.retrying').map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason === `HTTP ${status}`)).toHaveLength(refusals);
}
