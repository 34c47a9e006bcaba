import { afterAll, describe, expect, it } from 'vitest';
import { createActor, fromCallback } from 'xstate';
import type { SessionOutcome } from '../../../machines/messages.ts';
import { sessionCloseMachine } from '../../../machines/session-close/session-close.machine.ts';
import type { CloseReport } from '../../../machines/session-close/session-close.types.ts';
import { coverage, ended, limits, startClose, type StepActor } from './harness.ts';
import { settled } from '../settling.ts';

describe('the order', () => {
  it('runs every step once and reports the outcome before it leaves', async () => {
    const close = startClose();
    expect(close.state()).toBe('closing.ending.settlingEntry');
    expect(close.began).toEqual([
      { step: 'settleEntry', cause: { reason: 'agent-ended', detail: 'bye' } },
    ]);

    await close.succeed('settleEntry');
    expect(close.state()).toBe('closing.ending.endingSession');
    expect(close.reports).toEqual([]);

    await close.succeed('endSession');
    expect(close.state()).toBe('closing.reporting');
    expect(close.reports).toEqual([{ type: 'close.reporting', outcome: ended }]);
    expect(close.steps()).toEqual(['settleEntry', 'endSession']);

    close.actor.send({ type: 'link.outcomeReported' });
    expect(close.state()).toBe('closing.settlingConnect');
    await close.succeed('settleConnect', 'leaveRoom', 'runCallbacks', 'flushLogs');
    expect(close.state()).toBe('closing.disposing');
    await close.succeed('disposeNative');

    expect(close.steps()).toEqual([
      'settleEntry',
      'endSession',
      'settleConnect',
      'leaveRoom',
      'runCallbacks',
      'flushLogs',
      'disposeNative',
    ]);
    expect(close.actor.getSnapshot()).toMatchObject({
      status: 'done',
      output: { outcome: 'completed', warnings: [] },
    });
    expect(close.reports).toHaveLength(1);
  });

  it('deletes the room and then leaves it when the agent ended the session for everyone', async () => {
    const close = startClose({ outcome: { ...ended, reason: 'session-ended' } });
    await close.succeed('settleEntry', 'endSession');
    close.actor.send({ type: 'link.outcomeReported' });
    await close.succeed('settleConnect');
    expect(close.state()).toBe('closing.deletingRoom');
    await close.succeed('deleteRoom');
    expect(close.state()).toBe('closing.leavingRoom');
  });

  it('waits for no confirmation when the worker is gone', async () => {
    const close = startClose({ hasLink: false });
    await close.succeed('settleEntry', 'endSession');
    expect(close.reports).toEqual([{ type: 'close.reporting', outcome: ended }]);
    expect(close.state()).toBe('closing.settlingConnect');
  });

  it('stops waiting for the confirmation when the worker goes', async () => {
    const close = startClose();
    await close.succeed('settleEntry', 'endSession');
    expect(close.state()).toBe('closing.reporting');
    close.actor.send({ type: 'link.lost' });
    expect(close.state()).toBe('closing.settlingConnect');
  });
});

/** Brings a close to the state in which the given step runs. */
async function bringTo(step: StepActor | 'report', outcome = ended) {
  const close = startClose({ outcome });
  const order: (StepActor | 'report')[] = [
    'settleEntry',
    'endSession',
    'report',
    'settleConnect',
    ...(outcome.reason === 'session-ended' ? (['deleteRoom'] as const) : []),
    'leaveRoom',
    'runCallbacks',
    'flushLogs',
    'disposeNative',
  ];
  for (const name of order.slice(0, order.indexOf(step))) {
    if (name === 'report') close.actor.send({ type: 'link.outcomeReported' });
    else await close.succeed(name);
  }
  return close;
}

describe('a step that goes wrong', () => {
  const cases = [
    ['settleEntry', 'entry', 15_000, 'closing.ending.endingSession'],
    ['endSession', 'sessionEnd', 20_000, 'closing.reporting'],
    ['settleConnect', 'connect', 3_000, 'closing.leavingRoom'],
    ['deleteRoom', 'deleteRoom', 5_000, 'closing.leavingRoom'],
    ['leaveRoom', 'leave', 5_000, 'closing.callingBack'],
    ['runCallbacks', 'callbacks', 10_000, 'closing.flushing'],
    ['flushLogs', 'flush', 1_000, 'closing.disposing'],
    ['disposeNative', 'dispose', 2_000, 'closed'],
  ] as const;
  const outcomeFor = (step: StepActor): SessionOutcome =>
    step === 'deleteRoom' ? { ...ended, reason: 'session-ended' } : ended;

  it.each(cases)(
    '%s that takes too long is named and passed over',
    async (step, name, ms, next) => {
      const close = await bringTo(step, outcomeFor(step));
      close.reports.length = 0;
      close.clock.increment(ms - 1);
      expect(close.steps().at(-1)).toBe(step);
      expect(close.reports).toEqual([]);
      close.clock.increment(1);
      expect(close.state()).toBe(next);
      expect(close.reports[0]).toMatchObject({
        type: 'close.warned',
        step: name,
        failure: { code: 'GR_STEP_TIMEOUT', message: expect.stringContaining(`${ms} ms`) },
      });
      expect(close.actor.getSnapshot().context.warnings).toHaveLength(1);
    },
  );

  it.each(cases.filter(([step]) => step !== 'settleConnect'))(
    '%s that fails is named and passed over',
    async (step, name, _ms, next) => {
      const close = await bringTo(step, outcomeFor(step));
      close.reports.length = 0;
      await close.fail(step, new Error('no luck'));
      expect(close.state()).toBe(next);
      expect(close.reports[0]).toMatchObject({
        type: 'close.warned',
        step: name,
        failure: { code: 'GR_STEP_FAILED', message: 'no luck' },
      });
    },
  );

  it('says nothing of a connect that failed: there is no room to leave', async () => {
    const close = await bringTo('settleConnect');
    await close.fail('settleConnect', new Error('refused'));
    expect(close.state()).toBe('closing.leavingRoom');
    expect(close.actor.getSnapshot().context.warnings).toEqual([]);
  });

  it('goes on without the confirmation of the worker', async () => {
    const close = await bringTo('report');
    close.clock.increment(500);
    expect(close.state()).toBe('closing.settlingConnect');
    expect(close.reports.at(-1)).toMatchObject({ type: 'close.warned', step: 'report' });
  });
});

describe('the total budget', () => {
  it("keeps what report and leaving need from the user's code", async () => {
    const close = startClose({ limits: { ...limits, totalMs: 30_000, sessionEndMs: 300_000 } });
    await close.succeed('settleEntry');
    close.clock.increment(24_499);
    expect(close.state()).toBe('closing.ending.endingSession');
    close.clock.increment(1);
    expect(close.state()).toBe('closing.reporting');
    expect(close.reports).toEqual([
      {
        type: 'close.warned',
        step: 'sessionEnd',
        failure: {
          code: 'GR_STEP_TIMEOUT',
          message:
            'onSessionEnd was not done after 24500 ms; the rest of the 30000 ms is for leaving the room.',
        },
      },
      { type: 'close.reporting', outcome: ended },
    ]);
    close.actor.send({ type: 'link.outcomeReported' });
    await close.succeed('settleConnect', 'leaveRoom');
    expect(close.state()).toBe('closing.callingBack');
  });

  it('skips what is left at its end and names it', async () => {
    const close = startClose({ limits: { ...limits, totalMs: 8_000, callbacksMs: 300_000 } });
    await close.succeed('settleEntry', 'endSession');
    close.actor.send({ type: 'link.outcomeReported' });
    await close.succeed('settleConnect', 'leaveRoom');
    close.clock.increment(8_000);
    expect(close.actor.getSnapshot()).toMatchObject({
      status: 'done',
      output: {
        outcome: 'cut',
        warnings: [
          {
            step: 'callbacks',
            failure: {
              code: 'GR_STEP_TIMEOUT',
              message:
                'The session close took longer than 8000 ms in all. Not done: callbacks, skipped: flush, dispose.',
            },
          },
        ],
      },
    });
    expect(close.steps()).not.toContain('flushLogs');
  });

  it('tells the outcome even when nothing else fits', () => {
    const close = startClose({ limits: { ...limits, totalMs: 0 } });
    close.clock.increment(1);
    expect(close.actor.getSnapshot()).toMatchObject({ status: 'done', output: { outcome: 'cut' } });
    expect(close.reports).toContainEqual({ type: 'close.reporting', outcome: ended });
    expect(close.reports.filter(({ type }) => type === 'close.reporting')).toHaveLength(1);
  });

  it('gives at least half of it to entry and onSessionEnd', async () => {
    const close = startClose({ limits: { ...limits, totalMs: 1_000 } });
    close.clock.increment(499);
    expect(close.state()).toBe('closing.ending.settlingEntry');
    close.clock.increment(1);
    expect(close.state()).toBe('closing.reporting');
  });
});

describe('without implementations', () => {
  it('warns for every step and says which .provide() is missing', async () => {
    const reports: CloseReport[] = [];
    const session = createActor(
      fromCallback<CloseReport>(({ receive }) => receive((report) => void reports.push(report))),
    ).start();
    const actor = createActor(sessionCloseMachine, {
      input: { outcome: ended, limits, hasLink: false, session },
    }).start();
    for (let turn = 0; turn < 20; turn += 1) await settled();
    expect(actor.getSnapshot().status).toBe('done');
    expect(reports[0]).toMatchObject({
      step: 'entry',
      failure: {
        message:
          'The actor "settleEntry" of sessionCloseMachine is not implemented. Put it in with sessionCloseMachine.provide({ actors: { settleEntry: … } }).',
      },
    });
  });
});

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
