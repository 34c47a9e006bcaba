import { describe, expect, it } from 'vitest';
import { agent, JobProcessOnFork, order } from './forked-job-process.ts';

describe('what the worker says', () => {
  const waiting = `{ entry: async (ctx) => {
    ctx.on('drain', ({ deadlineMs }) => console.log('drain', deadlineMs));
    console.log('waiting');
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
  } }`;

  it('close ends the session with its reason', async () => {
    const child = await JobProcessOnFork.launched(agent(waiting));
    await child.next('session.started');
    child.send({ type: 'close', reason: 'drain-timeout', detail: 'after 1 h' });
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'drain-timeout',
      detail: 'after 1 h',
    });
    expect(exit.code).toBe(1);
  });

  it('terminate ends a session that is not connected', async () => {
    const child = await JobProcessOnFork.launched(agent(waiting));
    await child.next('session.started');
    child.send({ type: 'terminate' });
    expect((await child.finish()).outcome).toMatchObject({
      outcome: 'succeeded',
      reason: 'terminated',
    });
  });

  it('drain is told to the agent, and pings are answered', async () => {
    const child = await JobProcessOnFork.launched(agent(waiting));
    await child.next('session.started');
    child.send({ type: 'drain', deadlineMs: 60_000 });
    child.send({ type: 'ping', id: 3 });
    await child.next('pong');
    expect(child.output).toContain('drain 60000');
    child.send({ type: 'close', reason: 'worker-closing', detail: '' });
    await child.finish();
  });

  it('SIGTERM to the process alone ends the session as terminated', async () => {
    const child = await JobProcessOnFork.launched(agent(waiting));
    await child.next('session.started');
    child.child.kill('SIGTERM');
    expect((await child.finish()).outcome).toMatchObject({
      reason: 'terminated',
      detail: 'SIGTERM',
    });
  });

  it('nothing any more: the orphan closes its session and exits', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => {
        ctx.addShutdownCallback((reason) => console.log('called back', reason));
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      } }`),
    );
    await child.next('session.started');
    child.child.disconnect();
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.output).toContain('called back orphaned');
  });

  it('nothing any more: an orphan that hangs is cut off', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => {
        ctx.addShutdownCallback(() => new Promise(() => {}));
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      } }`),
      { callbacksMs: 60_000, orphanMs: 700 },
    );
    await child.next('session.started');
    child.child.disconnect();
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.output).toContain('longer than 700 ms in all');
  });

  it('a second launch is refused', async () => {
    const child = await JobProcessOnFork.launched(agent(waiting));
    await child.next('session.started');
    child.send({ type: 'launch', order, credentials: null });
    child.send({ type: 'ping', id: 1 });
    await child.next('pong');
    expect(child.log().at(-1)).toMatchObject({ level: 50, phase: 'session' });
    expect(child.types().filter((type) => type === 'session.started')).toHaveLength(1);
  });
});
