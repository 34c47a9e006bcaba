import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agent, JobProcessOnFork } from './forked-job-process.ts';

describe('a session in a forked job process', () => {
  it('whose entry returns without connecting succeeds', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{
        prewarm: (proc) => { proc.userData.greeting = 'hello'; },
        entry: async (ctx) => {
          console.log(JSON.stringify({
            greeting: ctx.proc.userData.greeting, job: ctx.job.id, metadata: ctx.job.metadata,
            created: String(ctx.job.room.creationTime + 1n), worker: ctx.workerId, title: process.title,
            identity: ctx.tokenClaims().sub, same: getJobContext() === ctx, agent: ctx.agent,
            fake: ctx.isFakeJob, accept: ctx.info.acceptArguments.identity,
          }));
        },
      }`),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toEqual({
      outcome: 'succeeded',
      reason: 'entry-returned',
      detail: '',
      failure: null,
    });
    expect(exit).toEqual({ code: 0, signal: null });
    expect(child.types()).toEqual([
      'warm',
      'session.started',
      'session.closing',
      'session.outcome',
    ]);
    expect(child.log()[0]).toEqual({
      greeting: 'hello',
      job: 'AJ_test',
      metadata: 'some metadata',
      created: '1700000001',
      worker: 'AW_test',
      title: 'greenroom job AJ_test',
      identity: 'agent-AJ_test',
      same: true,
      fake: false,
      accept: 'agent-AJ_test',
    });
  });

  it('whose entry throws fails with its error and exit code 1', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async () => { throw new TypeError('no such tool'); } }`),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'entry-failed',
      failure: { code: 'GR_ENTRY_FAILED', message: 'no such tool' },
    });
    expect(outcome.failure?.stack).toMatch(/agent\.mjs:\d+/);
    expect(exit.code).toBe(1);
    expect(child.log()[0]).toMatchObject({
      level: 50,
      jobId: 'AJ_test',
      dispatchId: 'AD_test',
      room: 'the-room',
      agentName: 'greeter',
      workerId: 'AW_test',
      pid: child.child.pid,
    });
  });

  it.each(['process.exit(3);', 'for (;;);'])(
    'has started as far as the worker knows, though all that entry does is %s',
    async (statement) => {
      const child = await JobProcessOnFork.launched(agent(`{ entry: () => { ${statement} } }`));
      await child.next('session.started');
      expect(child.types()).toEqual(['warm', 'session.started']);
    },
  );

  it('that the agent shuts down closes in order', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{
        entry: async (ctx) => {
          const say = (...words) => console.log(...words, getJobContext() === ctx);
          ctx.on('shutdown', ({ reason, detail }) => say('listener', reason, detail));
          ctx.on('shutdown', () => { throw new Error('bad listener'); });
          ctx.signal.addEventListener('abort', () => console.log('signal', ctx.signal.reason.message));
          ctx.addShutdownCallback(async (reason, detail) => say('callback', reason, detail));
          ctx.addShutdownCallback(async () => { throw new Error('bad callback'); });
          setTimeout(() => ctx.shutdown('bye'), 10);
          await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
          say('entry');
        },
        onSessionEnd: async (ctx) => console.log('onSessionEnd', getJobContext() === ctx),
      }`),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'agent-ended', detail: 'bye' });
    expect(exit.code).toBe(0);
    expect(child.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual(
      [
        'signal The session ends: agent-ended (bye).',
        'listener agent-ended bye true',
        'entry true',
        'onSessionEnd true',
        'callback agent-ended bye true',
      ],
    );
    expect(child.messages.items.at(-1)).toMatchObject({
      type: 'session.warning',
      step: 'callbacks',
      failure: { message: '1 of 2 shutdown callbacks failed: bad callback' },
    });
    expect(child.log().map(({ msg }) => msg)).toContain('session listener failed');
  });

  it('whose entry stops with the abort has not failed', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => {
        const { setTimeout: sleep } = await import('node:timers/promises');
        setTimeout(() => ctx.shutdown());
        await sleep(60_000, undefined, { signal: ctx.signal });
      } }`),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'agent-ended' });
    expect(exit.code).toBe(0);
    expect(child.types()).not.toContain('session.warning');
  });

  it.each([
    ['an uncaught exception', `setTimeout(() => { throw new Error('stray'); })`],
    ['an unhandled rejection', `void Promise.reject(new Error('stray'))`],
  ])('with %s ends as crashed', async (_what, statement) => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => {
        ctx.addShutdownCallback(() => console.log('called back'));
        ${statement};
        await new Promise(() => {});
      } }`),
      { entryGraceMs: 50 },
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'crashed',
      failure: { code: 'GR_UNCAUGHT_ERROR', message: 'stray' },
    });
    expect(exit.code).toBe(1);
    expect(child.output).toContain('called back');
  });

  it('that the agent leaves by process.exit() is over at once', async () => {
    const child = await JobProcessOnFork.launched(agent(`{ entry: async () => process.exit(3) }`));
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  it('does not wait for what the agent left running', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async () => { setInterval(() => {}, 1_000); } }`),
    );
    expect((await child.finish()).exit).toEqual({ code: 0, signal: null });
  });

  it('has a directory of its own, which is removed at the end', async () => {
    const child = await JobProcessOnFork.launched(
      agent(
        `{ entry: async (ctx) => {
          writeFileSync(ctx.sessionDirectory + '/note.txt', 'x');
          console.log('directory', ctx.sessionDirectory);
        } }`,
        `import { writeFileSync } from 'node:fs';`,
      ),
    );
    await child.finish();
    const [, path] = /^directory (.+)$/m.exec(child.output) ?? [];
    expect(path).toMatch(/greenroom-AJ_test-/);
    expect(existsSync(path!)).toBe(false);
  });
});

describe('the room, when nothing answers', () => {
  it('a connect that fails says where and why, and fails the job', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => { await ctx.connect(); } }`),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'entry-failed',
      failure: { code: 'GR_ROOM_CONNECT_FAILED' },
    });
    expect(outcome.failure?.message).toContain(
      'could not connect to the room "the-room" at ws://127.0.0.1:9',
    );
    expect(exit.code).toBe(1);
    expect(child.types()).toEqual([
      'warm',
      'session.started',
      'session.connecting',
      'session.closing',
      'session.outcome',
    ]);
    expect(child.output).not.toContain('lk-rtc');
  });
});
