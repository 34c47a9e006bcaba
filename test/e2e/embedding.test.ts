/** The service of `docs/examples/embedding` with a real worker, in a real room. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, inject, test } from 'vitest';
import { descendantsOf, expectNoneLeft } from '../support/processes.ts';
import { newRoom, Stage } from '../support/stage.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const stage = new Stage(inject('liveKit'));

afterEach(() => stage.clear());

test('the service drains its worker: the call that runs ends by itself', async () => {
  const program = startWorkerProgram({
    agent: fileURLToPath(new URL('../../docs/examples/embedding/main.ts', import.meta.url)),
    nodeArgs: ['--import', 'tsx'],
    args: [],
    server: stage.server,
    // The load of a machine that runs other tests, too, is not what this one is about.
    env: { NUM_CPUS: '1000' },
  });
  try {
    await program.waitForEvent('worker.available');
    const room = newRoom();
    const caller = await stage.join(room, 'caller');
    await stage.dispatch('embedded', { room });
    const told = ({ msg }: { msg?: string }) => msg === 'caller is in the room';
    await program.waitForLog('The agent', told);
    const pids = [program.pid, ...descendantsOf(program.pid).map(({ pid }) => pid)];

    program.signal('SIGTERM');
    await program.waitForEvent('worker.draining', ({ jobIds }) => jobIds.length === 1);
    await caller.leave();

    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.output.items.filter((line) => /^(service|calls):/.test(line)).slice(-3)).toEqual(
      ['service: {"open":"shutting"}', 'service: "shut"', 'calls: 1, end: drained'],
    );
    await expectNoneLeft(pids);
  } finally {
    await program.stop();
  }
});
