/** A process pool and its job processes, when everything happens in random order. */
import { constantFrom, integer, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import type { FakeChild } from '../../machines/fakes.ts';
import { listener } from '../../machines/fakes.ts';
import { startPool } from '../../machines/process-pool/harness.ts';

const MAX_STARTING = 2;

const events = [
  ...['pool.claims', 'pool.stop', 'pool.kill'].map((type) => ({ type })),
  record({ type: constantFrom('pool.release'), slot: constantFrom('job.1', 'job.2', 'job.3') }),
  record({ type: constantFrom('pool.resize'), numIdleProcesses: integer({ min: 0, max: 3 }) }),
  record({
    type: constantFrom('child.warm', 'child.fails', 'child.exits', 'child.joins'),
    child: integer({ min: 0, max: 4 }),
  }),
  record({ type: constantFrom('time.passes'), ms: constantFrom(500, 2_000, 11_000, 31_000) }),
];

class PoolWalk implements Walker {
  readonly #pool = startPool({ maxStarting: MAX_STARTING, numIdleProcesses: 2 });
  readonly #gone = new Set<FakeChild>();
  readonly #claims = new Map<string, { type: string }[]>();
  readonly #released = new Set<string>();

  can({ type }: EventObject): boolean {
    return !type.startsWith('child.') || this.#living().length > 0;
  }

  send(event: EventObject & Record<string, unknown>): void {
    const { type } = event;
    const { actor } = this.#pool;
    if (type.startsWith('child.')) this.#child(type, Number(event['child']));
    else if (type === 'time.passes') this.#timePasses(Number(event['ms']));
    else if (type === 'pool.claims') this.#claim();
    else actor.send(event as never);
    if (type === 'pool.release') this.#released.add(String(event['slot']));
    this.#check();
  }

  stop(): void {
    const { actor } = this.#pool;
    const wasAsked = actor.getSnapshot().status === 'done';
    if (!wasAsked) actor.send({ type: 'pool.stop' });
    this.#timePasses(15_000);
    expect(actor.getSnapshot().status, 'a pool has an end').toBe('done');
    expect(this.#living(), 'nothing is alive').toEqual([]);
    for (const [slot, heard] of this.#claims) {
      const answers = heard.filter(({ type }) => type.startsWith('pool.')).length;
      const isGivenUp = this.#released.has(slot);
      expect(isGivenUp ? Math.min(answers, 1) : 1, `one answer to ${slot}`).toBe(answers);
    }
  }

  #claim(): void {
    const slot = `job.${this.#claims.size + 1}`;
    const client = listener();
    const { actor } = this.#pool;
    if (actor.getSnapshot().status !== 'active') return;
    this.#claims.set(slot, client.heard);
    actor.send({ type: 'pool.claim', slot, client: client.ref, isAccepted: false });
  }

  #living(): FakeChild[] {
    return this.#pool.children.children.filter((child) => !this.#gone.has(child));
  }

  #exit(child: FakeChild, code: number): void {
    this.#gone.add(child);
    child.exits(code);
  }

  /** Nothing outlives SIGKILL for long. */
  #timePasses(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      for (const child of this.#living())
        if (child.signals.includes('SIGKILL')) this.#exit(child, 1);
      this.#pool.clock.increment(Math.min(left, 1_000));
    }
  }

  #child(type: string, index: number): void {
    const living = this.#living();
    const child = living[index % living.length]!;
    if (type === 'child.warm') child.getsWarm();
    if (type === 'child.exits') this.#exit(child, 1);
    if (type === 'child.joins') {
      child.says({ type: 'session.connected', roomSid: 'RM_1', identity: 'agent' });
    }
    if (type === 'child.fails') {
      const failure = { code: 'GR_PREWARM_FAILED', message: '' } as const;
      child.says({ type: 'link.warmupFailed', failure, fatal: false });
    }
  }

  #check(): void {
    const { actor, children } = this.#pool;
    expect(actor.getSnapshot().status).not.toBe('error');
    const { processes } = actor.getSnapshot().context;
    const warming = Object.values(processes).filter(({ phase }) => phase === 'warming').length;
    expect(warming, 'no more than there are cores').toBeLessThanOrEqual(MAX_STARTING);
    const owners = Object.values(processes).flatMap(({ claimedBy }) => claimedBy ?? []);
    expect(new Set(owners).size, 'one process a slot').toBe(owners.length);
    for (const { abandoned } of children.children) expect(abandoned).toBe(false);
  }
}

it('holds whatever happens', { timeout: 30_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new PoolWalk(), { numRuns: 100, maxLength: 50, seed: 5 });
});
