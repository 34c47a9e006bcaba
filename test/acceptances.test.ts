import { describe, expect, it } from 'vitest';
import { Acceptances } from '../src/acceptances.ts';

describe('Acceptances', () => {
  it('settles each job with its own outcome, once', async () => {
    const acceptances = new Acceptances();
    const good = acceptances.wait('AJ_1');
    const bad = acceptances.wait('AJ_2');
    acceptances.settle('AJ_1', null);
    acceptances.settle('AJ_1', new Error('too late'));
    acceptances.settle('AJ_2', new Error('no process'));
    acceptances.settle('AJ_unknown', null);
    await expect(good).resolves.toBeUndefined();
    await expect(bad).rejects.toThrow('no process');
  });

  it('leaves nobody waiting', async () => {
    const acceptances = new Acceptances();
    const waiting = ['AJ_1', 'AJ_2'].map((id) => acceptances.wait(id));
    acceptances.settleAll(new Error('the worker closed'));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('gives everyone who waits for a job the same answer', () => {
    const acceptances = new Acceptances();
    expect(acceptances.wait('AJ_1')).toBe(acceptances.wait('AJ_1'));
  });

  it('does not crash the process when nobody awaits an error', async () => {
    const unhandled: unknown[] = [];
    const keep = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', keep);
    const acceptances = new Acceptances();
    void acceptances.wait('AJ_1');
    acceptances.settle('AJ_1', new Error('no one listens'));
    await new Promise(setImmediate);
    process.off('unhandledRejection', keep);
    expect(unhandled).toEqual([]);
  });
});
