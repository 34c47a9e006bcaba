/** What a job process may not do to its worker, and what nobody may see. */
import { readFileSync } from 'node:fs';
import { expect, inject } from 'vitest';
import { Evidence } from '../support/evidence.ts';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { LibraryWorker } from '../support/library-worker.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const apiKey = 'planted-key-5d1f';
const apiSecret = 'planted-secret-of-thirty-two-characters-8a3c';

/** A worker with a job that does nothing wrong, AJ_1. */
async function start(record: FaultRecord) {
  const log = new MemoryLog();
  const server = await ScriptedServer.start(record);
  const worker = await LibraryWorker.start(record, server.access, {
    agent: 'abuses-the-link',
    logger: log.logger,
    numIdleProcesses: 1,
  });
  const connection = await server.available(1);
  await connection.dispatch('AJ_1');
  const pid = await worker.pidOf('AJ_1');
  return { log, worker, connection, pid };
}

section('Security', () => {
  fault('a job process sends 10,000 messages that are none', { within: 10_000 }, async (record) => {
    const { log, worker, connection } = await start(record);
    record.start();
    await connection.dispatch('AJ_2', { metadata: 'talks nonsense' });
    const { end } = await worker.ended('AJ_2');
    const told = log.texts.filter((text) => text.startsWith('unknown message of a job process'));
    record(`${told.length} lines in the log, its job ${end}, the other goes on`);
    expect(told).toHaveLength(3);
    expect(worker.all('job.ended')).toHaveLength(1);
  });

  fault('a job process speaks for another job', { within: 10_000 }, async (record) => {
    const { worker, connection, pid } = await start(record);
    record.start();
    await connection.dispatch('AJ_2', { metadata: 'speaks for another job' });
    const { session } = await worker.ended('AJ_2');
    const { error } = await connection.jobUpdate('AJ_2');
    record(`taken as its own: ${session?.reason}; the other goes on`);
    // Cut, on its way to the server as well.
    expect(Buffer.byteLength(error)).toBeLessThan(9_000);
    expect(worker.all('job.ended')).toHaveLength(1);
    expect(connection.all('updateJob').filter(({ jobId }) => jobId === 'AJ_1')).toEqual([]);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  fault(
    'a wrong API secret, at the lowest level of the log',
    { within: 10_000 },
    async (record) => {
      const evidence = new Evidence({ ...inject('liveKit'), apiSecret }, [apiSecret]);
      record.after(() => evidence.program.stop());
      const { code } = await evidence.program.exited;
      record(`exit code ${code}, nothing shows it`);
      expect(evidence.lines.join('\n')).toContain('GR_REGISTRATION_REFUSED');
      expect(evidence.leaks()).toEqual([]);
    },
  );

  fault('credentials are withheld', { within: 10_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const access = { ...server.access, apiKey, apiSecret };
    const options = { credentials: 'withhold' };
    const evidence = new Evidence(access, [apiKey, apiSecret], { options });
    record.after(() => evidence.program.stop());
    await server.available(1);
    const environments = evidence
      .jobPids()
      .map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'));
    record('no process that the worker started has them');
    expect(environments.length).toBeGreaterThan(0);
    for (const secret of [apiKey, apiSecret, 'LIVEKIT_API_']) {
      expect(environments.join('\n')).not.toContain(secret);
    }
    expect(evidence.leaks()).toEqual([]);
  });
});
