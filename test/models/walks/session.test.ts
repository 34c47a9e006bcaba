/** A session and its close, when everything happens in random order. */
import { constantFrom, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import { caller, startSession } from '../../machines/session/harness.ts';
import { settled } from '../../machines/settling.ts';

const failure = { code: 'GR_UNCAUGHT_ERROR', message: 'no luck' } as const;

const events = [
  ...['room.connecting', 'room.reconnecting', 'room.reconnected'].map((type) => ({ type })),
  ...['entry.returns', 'entry.throws'].map((type) => ({ type })),
  ...['link.terminated', 'link.lost', 'link.outcomeReported'].map((type) => ({ type })),
  record({
    type: constantFrom('room.connected'),
    roomSid: constantFrom('RM_1', 'RM_2'),
    identity: constantFrom('agent'),
    isLinkedHere: constantFrom(true, false),
  }),
  { type: 'room.connectFailed', failure },
  { type: 'room.disconnected', reason: 'room-deleted', detail: '' },
  { type: 'room.participantJoined', ...caller },
  { type: 'room.participantLeft', ...caller },
  { type: 'link.drained', deadlineMs: null },
  { type: 'link.closed', reason: 'worker-closing', detail: '' },
  { type: 'agent.shutdown', detail: 'bye' },
  { type: 'agent.endSession', detail: 'bye' },
  { type: 'process.crashed', failure },
  { type: 'process.signalled', signal: 'SIGTERM' },
  record({ type: constantFrom('time.passes'), ms: constantFrom(100, 500, 1_000, 15_000) }),
];

class SessionWalk implements Walker {
  readonly #session = startSession({ linked: caller, hold: ['settleEntry', 'leaveRoom'] });
  #isEntryOver = false;

  can({ type }: EventObject): boolean {
    return !type.startsWith('entry.') || !this.#isEntryOver;
  }

  async send(event: EventObject & Record<string, unknown>): Promise<void> {
    const { type } = event;
    if (type === 'time.passes') this.#session.clock.increment(Number(event['ms']));
    else if (type.startsWith('entry.')) await this.#entry(type);
    else this.#session.actor.send(event as never);
    await settled();
    this.#check();
  }

  /** It ends within its budget, whatever hangs. */
  async stop(): Promise<void> {
    const { actor, clock } = this.#session;
    actor.send({ type: 'agent.shutdown', detail: 'bye' });
    for (let turn = 0; turn < 62 && actor.getSnapshot().status === 'active'; turn += 1) {
      clock.increment(1_000);
      await settled();
    }
    expect(actor.getSnapshot().status, 'a session has an end').toBe('done');
    this.#check();
    expect(this.#count('session.closing'), 'it says that it closes').toBe(1);
  }

  async #entry(type: string): Promise<void> {
    this.#isEntryOver = true;
    if (type === 'entry.returns') await this.#session.entryReturns();
    else await this.#session.entryThrows(new Error('no luck'));
  }

  #count(type: string): number {
    return this.#session.types().filter((one) => one === type).length;
  }

  #check(): void {
    const { actor, steps } = this.#session;
    expect(actor.getSnapshot().status).not.toBe('error');
    expect(this.#count('session.closing'), 'one close').toBeLessThanOrEqual(1);
    expect(this.#count('session.outcome'), 'one outcome').toBeLessThanOrEqual(1);
    expect(new Set(steps).size, 'each step once').toBe(steps.length);
    const leaves = steps.indexOf('leaveRoom');
    expect(leaves === -1 || this.#count('session.outcome') === 1, 'told before it leaves').toBe(
      true,
    );
  }
}

it('holds whatever happens', { timeout: 30_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new SessionWalk(), { numRuns: 200, maxLength: 40, seed: 5 });
});
