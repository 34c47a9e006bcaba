/** The exit code of a worker program says what has happened. */
import { expect } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { runs } from '../support/library-worker.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { agentFile } from '../support/stage.ts';
import { startWorkerProgram, type WorkerProgram } from '../support/worker-program.ts';

/** A worker program and its server. */
async function start(record: FaultRecord, agent = 'stays', options: object = {}) {
  const server = await ScriptedServer.start(record);
  const program = startWorkerProgram({
    agent: agentFile(agent),
    server: server.access,
    env: { AGENT_OPTIONS: JSON.stringify(options) },
  });
  record.after(() => program.stop());
  return { server, program };
}

/** The same, with a running job. */
async function startBusy(record: FaultRecord, agent?: string, options?: object) {
  const { server, program } = await start(record, agent, options);
  const connection = await server.available(1, 15_000);
  await connection.dispatch('AJ_1');
  const { jobPid } = await program.waitForEvent('job.started');
  return { server, program, connection, pid: Number(jobPid) };
}

/** Waits until a signal has had its effect. */
function stepped(program: WorkerProgram, step: string) {
  return program.waitForLog(step, (line) => line.event === 'cli.signal' && line['step'] === step);
}

section.concurrent('Drain and close', () => {
  fault('SIGTERM, and the job ends by itself', { within: 2_000 }, async (record) => {
    const { program, connection, pid } = await startBusy(record);
    program.signal('SIGTERM');
    await stepped(program, 'drain');
    record.start();
    connection.terminate('AJ_1');
    const exit = await program.exited;
    record(`exit code ${exit.code}`);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(runs(pid)).toBe(false);
  });

  fault('SIGINT twice', { within: 2_000 }, async (record) => {
    const { program, pid } = await startBusy(record);
    program.signal('SIGINT');
    await stepped(program, 'drain');
    // The same signal sooner would be taken for an echo of the first.
    await new Promise((resolve) => setTimeout(resolve, 150));
    record.start();
    program.signal('SIGINT');
    const exit = await program.exited;
    record(`the sessions are ended in order, exit code ${exit.code}`);
    expect(exit).toEqual({ code: 130, signal: null });
    expect(program.events).toContain('job.closing');
    expect(runs(pid)).toBe(false);
  });

  const three = 'three signals, and a session that hangs';
  fault(three, { within: 2_000 }, async (record) => {
    const { program, pid } = await startBusy(record, 'hangs-when-told-to-end');
    program.signal('SIGTERM');
    await stepped(program, 'drain');
    program.signal('SIGINT');
    await program.waitForEvent('worker.closing');
    record.start();
    program.signal('SIGQUIT');
    const exit = await program.exited;
    record(`killed and named, exit code ${exit.code}`);
    expect(exit).toEqual({ code: 131, signal: null });
    const { msg } = await program.log.waitFor('The end', ({ event }) => event === 'worker.closed');
    expect(msg).toBe('worker closed; abandoned 1 job: AJ_1');
    expect(runs(pid)).toBe(false);
  });

  fault('SIGTERM and the drain times out', { within: 2_000 }, async (record) => {
    const { program, pid } = await startBusy(record, 'stays', { drainTimeoutMs: 300 });
    record.start();
    program.signal('SIGTERM');
    const exit = await program.exited;
    record(`cut and named, exit code ${exit.code}`);
    expect(exit).toEqual({ code: 143, signal: null });
    const { msg } = await program.log.waitFor('The end', ({ event }) => event === 'worker.closed');
    expect(msg).toBe('worker closed; abandoned 1 job: AJ_1');
    expect(runs(pid)).toBe(false);
  });

  fault('SIGTERM while requestFunc blocks', { within: 3_000 }, async (record) => {
    const { server, program } = await start(record, 'blocks-on-request');
    const connection = await server.available(1, 15_000);
    connection.offer('AJ_1');
    await program.output.waitFor('The block', (line) => line === 'requestFunc blocks');
    record.start();
    program.signal('SIGTERM');
    expect((await connection.answer('AJ_1')).available).toBe(true);
    connection.assign('AJ_1');
    await program.waitForEvent('job.started');
    connection.terminate('AJ_1');
    const exit = await program.exited;
    record(`the job that was accepted runs to its end, exit code ${exit.code}`);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(program.events.filter((event) => event === 'worker.draining')).toHaveLength(1);
  });

  fault('budgets that cannot fit', { within: 3_000 }, async (record) => {
    const { server, program } = await start(record, 'stays', {
      shutdownTimeoutMs: 1_000,
      sessionEndTimeoutMs: 5_000,
    });
    const exit = await program.exited;
    record(`refused at the start, exit code ${exit.code}`);
    expect(exit).toEqual({ code: 1, signal: null });
    expect(program.output.items.join('\n')).toContain(
      'sessionEndTimeoutMs 5000 ms is more than the 1000 ms of the whole session close',
    );
    expect(server.connections.items).toEqual([]);
  });
});
