/** Machines as agents in real job processes, without a room. */
import { describe, expect, it } from 'vitest';
import { agent, JobProcessOnFork } from './forked-job-process.ts';

const xstate = import.meta.resolve('xstate');

/** An agent whose session is a machine with that config. */
const machineAgent = (config: string, hooks = '') =>
  agent(
    `{ session: createMachine(${config}), ${hooks} }`,
    `import { createMachine, fromCallback, fromPromise } from '${xstate}';`,
  );

describe('a machine in a forked job process', () => {
  it('that reaches a final state without having connected has done its job', async () => {
    const child = await JobProcessOnFork.launched(
      machineAgent(
        `{
          context: ({ input }) => input,
          entry: ({ context }) => console.log(JSON.stringify({
            greeting: context.ctx.proc.userData.greeting, same: getJobContext() === context.ctx,
          })),
          type: 'final',
        }`,
        `prewarm: (proc) => { proc.userData.greeting = 'hello'; },`,
      ),
    );
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'entry-returned' });
    expect(exit).toEqual({ code: 0, signal: null });
    expect(child.log()[0]).toEqual({ greeting: 'hello', same: true });
  });

  it.each([
    ['at once', `{ entry: () => { throw new TypeError('no such tool'); } }`],
    [
      'later, with an actor that would run on',
      `{
        invoke: { src: fromCallback(() => { const timer = setInterval(() => {}, 10); return () => clearInterval(timer); }) },
        after: { 10: { actions: () => { throw new TypeError('no such tool'); } } },
      }`,
    ],
    [
      'in what it invoked',
      `{ invoke: { src: fromPromise(async () => { throw new TypeError('no such tool'); }) } }`,
    ],
  ])('that throws %s fails the job with its error', async (_when, config) => {
    const child = await JobProcessOnFork.launched(machineAgent(config));
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'entry-failed',
      failure: { code: 'GR_ENTRY_FAILED', message: 'no such tool' },
    });
    expect(outcome.failure?.stack).toMatch(/agent\.mjs:\d+/);
    expect(exit.code).toBe(1);
    expect(child.types()).toEqual([
      'warm',
      'session.started',
      'session.closing',
      'session.outcome',
    ]);
  });

  it.each(['process.exit(3);', 'for (;;);'])(
    'has started as far as the worker knows, though all that its first action does is %s',
    async (statement) => {
      const child = await JobProcessOnFork.launched(
        machineAgent(`{ entry: () => { ${statement} } }`),
      );
      await child.next('session.started');
      expect(child.types()).toEqual(['warm', 'session.started']);
    },
  );

  it('closes in order', async () => {
    const child = await JobProcessOnFork.launched(
      machineAgent(
        `{
          context: ({ input }) => input,
          entry: ({ context: { ctx } }) => {
            ctx.addShutdownCallback((reason) => console.log('callback', reason));
            console.log(JSON.stringify({ begun: true }));
          },
          on: {
            'session.draining': { actions: ({ event }) => console.log('draining', event.deadlineMs) },
          },
          initial: 'on',
          states: {
            on: { on: { 'session.closing': { target: 'leaving', actions: ({ event, context: { ctx } }) =>
              console.log(event.type, event.reason, event.detail, ctx.signal.aborted) } } },
            leaving: { after: { 30: 'off' }, exit: () => console.log('goodbye') },
            off: { type: 'final' },
          },
        }`,
        `onSessionEnd: () => console.log('onSessionEnd'),`,
      ),
    );
    await child.next('session.started');
    child.send({ type: 'drain', deadlineMs: 60_000 });
    child.send({ type: 'close', reason: 'drain-timeout', detail: 'it is late' });
    const { outcome } = await child.finish();
    expect(outcome).toMatchObject({ reason: 'drain-timeout', detail: 'it is late' });
    expect(child.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual(
      [
        'draining 60000',
        'session.closing drain-timeout it is late true',
        'goodbye',
        'onSessionEnd',
        'callback drain-timeout',
      ],
    );
    expect(child.types()).not.toContain('session.warning');
  });
});
