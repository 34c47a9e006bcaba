import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { expectNoneLeft, isAlive } from './processes.ts';
import { startProgram } from './program.mjs';
import { startWorkerProgram, testGuard } from './worker-program.ts';

const agent = fileURLToPath(new URL('../fixtures/prints-log-lines.mjs', import.meta.url));
const server = { url: 'ws://127.0.0.1:1', apiKey: 'key', apiSecret: 'secret' };

test('reads the log and waits for lifecycle facts, past and future', async () => {
  const program = startWorkerProgram({ agent, server });
  await program.waitForEvent('pool.ready');
  const connecting = await program.waitForEvent(
    'registration.connecting',
    (line) => line.attempt === 1,
  );
  expect(connecting.pid).toBe(program.pid);
  expect(program.events).toEqual(['registration.connecting', 'pool.ready']);
  expect(program.output.items).toContain('this is { not JSON');

  program.signal('SIGTERM');

  const closed = await program.waitForLog('The end', (line) => line.event === 'worker.closed');
  expect(closed).toMatchObject({ outcome: 'drained', url: server.url });
  expect(await program.exited).toEqual({ code: 0, signal: null });
  await expectNoneLeft([program.pid]);
});

test('a wait fails with the last lines when the program ends', async () => {
  const program = startWorkerProgram({ agent, server, args: ['exit'] });
  await expect(program.waitForEvent('worker.available')).rejects.toThrow(
    /ended \(exit code 3\) before this came: The event worker.available.*\n(.*\n)*.*standard error/,
  );
});

test('a wait that times out shows the last lines', async () => {
  const program = startWorkerProgram({ agent, server });
  await program.waitForEvent('pool.ready');
  await expect(program.waitForEvent('worker.full', () => true, { timeoutMs: 50 })).rejects.toThrow(
    /The event worker.full did not come within 50 ms[^]*this is \{ not JSON/,
  );
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test('the end of a program is noticed though something it started holds its output open', async () => {
  const guard = testGuard();
  const program = startProgram(guard, '/bin/sh', ['-c', 'sleep 300 & echo $!; exit 7']);
  expect(await program.exited).toEqual({ code: 7, signal: null });
  const [child = ''] = program.output.items;
  expect(isAlive(Number(child))).toBe(true);
  process.kill(Number(child), 'SIGKILL');
});
