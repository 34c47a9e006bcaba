/** Launched without credentials, a job asks its worker to delete the room; the test plays the worker. */
import { describe, expect, it } from 'vitest';
import { agent, JobProcessOnFork } from './forked-job-process.ts';

const failure = { code: 'GR_STEP_FAILED', message: 'no route to the server' };

describe('a job without credentials', () => {
  it('endSession() asks the worker to delete the room when there are no credentials', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => { ctx.endSession('goodbye'); } }`),
    );
    const { outcome } = await child.next('session.outcome');
    expect(outcome).toMatchObject({ reason: 'session-ended', detail: 'goodbye' });
    child.send({ type: 'outcomeReported' });
    const { id } = await child.next('session.deleteRoom');
    child.send({
      type: 'roomDeleted',
      id,
      failure: { code: 'GR_STEP_FAILED', message: 'no route to the server' },
    });
    expect((await child.exited).code).toBe(0);
    expect(child.messages.items.at(-1)).toMatchObject({
      type: 'session.warning',
      step: 'deleteRoom',
      failure: { message: 'no route to the server' },
    });
  });

  it('is told no key and no secret', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: (ctx) => console.log('knows', Object.keys(ctx.info).join()) }`),
    );
    await child.finish();
    expect(child.output).toContain('knows acceptArguments,job,url,token,workerId\n');
  });

  it('has its room deleted by the worker, as often as it asks', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => {
        await Promise.all([ctx.deleteRoom(), ctx.deleteRoom('the-room')]);
        console.log('both are answered');
      } }`),
    );
    const asked = () => child.messages.items.filter(({ type }) => type === 'session.deleteRoom');
    await child.messages.waitFor('Both requests', () => asked().length === 2);
    expect(asked()).toEqual([
      { type: 'session.deleteRoom', id: 1 },
      { type: 'session.deleteRoom', id: 2 },
    ]);
    child.send({ type: 'roomDeleted', id: 2, failure: null });
    child.send({ type: 'roomDeleted', id: 1, failure });
    await child.finish();
    expect(child.output).toContain('both are answered');
    const warnings = child.log().filter(({ msg }) => msg === 'could not delete the room');
    expect(warnings).toMatchObject([{ level: 40, err: { message: 'no route to the server' } }]);
  });

  it('may delete no other room', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => { await ctx.deleteRoom('other'); } }`),
    );
    const { outcome } = await child.finish();
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: 'entry-failed',
      failure: {
        code: 'GR_OPTION_INVALID',
        message:
          'deleteRoom() was asked to delete "other" (string): with credentials: \'withhold\' a job may delete its own room only, "the-room" (string).',
      },
    });
    expect(child.types()).not.toContain('session.deleteRoom');
  });

  it('does not wait for a worker that is gone', async () => {
    const child = await JobProcessOnFork.launched(
      agent(`{ entry: async (ctx) => { await ctx.deleteRoom(); console.log('went on'); } }`),
    );
    await child.next('session.deleteRoom');
    child.child.disconnect();
    await child.exited;
    expect(child.output).toContain('The worker is gone');
    expect(child.output).toContain('went on');
  });
});
