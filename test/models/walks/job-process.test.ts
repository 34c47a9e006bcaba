/** A job process, when everything happens in random order. */
import { constantFrom, record } from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { EventObject } from 'xstate';
import { randomWalks, type Walker } from '../../../src/testing/model/index.ts';
import { order, startJobProcess } from '../../machines/job-process/harness.ts';

const cause = constantFrom('job-over', 'worker-closing', 'close-timeout', 'surplus');

const events = [
  ...['process.start', 'process.claim', 'process.release', 'process.launch'].map((type) => ({
    type,
  })),
  ...['child.warm', 'child.fails', 'child.exits', 'child.pongs'].map((type) => ({ type })),
  { type: 'memory.exceeded', memoryBytes: 2_000_000_000 },
  record({ type: constantFrom('process.stop', 'process.kill'), cause }),
  record({ type: constantFrom('time.passes'), ms: constantFrom(500, 2_000, 5_000, 61_000) }),
];

class ProcessWalk implements Walker {
  readonly #process = startJobProcess();
  #isGone = false;

  can({ type }: EventObject): boolean {
    const hasChild = this.#process.children.children.length > 0 && !this.#isGone;
    if (type.startsWith('memory.'))
      return this.#process.memory.monitors.some(({ stopped }) => !stopped);
    return !type.startsWith('child.') || hasChild;
  }

  send(event: EventObject & Record<string, unknown>): void {
    const { type } = event;
    const process = this.#process;
    if (type === 'time.passes') process.clock.increment(Number(event['ms']));
    else if (type === 'process.claim') process.claim();
    else if (type === 'process.launch') process.actor.send({ type, order });
    else if (type === 'memory.exceeded') process.memory.monitors.at(-1)!.sees(event as never);
    else if (type.startsWith('child.')) this.#child(type);
    else process.actor.send(event as never);
    this.#check();
  }

  stop(): void {
    const { actor, clock } = this.#process;
    actor.send({ type: 'process.stop', cause: 'worker-closing' });
    for (let turn = 0; turn < 20 && actor.getSnapshot().status === 'active'; turn += 1) {
      if (this.#process.child().signals.includes('SIGKILL')) this.#exit(null);
      clock.increment(1_000);
    }
    expect(actor.getSnapshot().status, 'the ladder has an end').toBe('done');
    this.#check();
  }

  #exit(code: number | null): void {
    this.#isGone = true;
    this.#process.child().exits(code, code === null ? 'SIGKILL' : null);
  }

  #child(type: string): void {
    const child = this.#process.child();
    if (type === 'child.warm') child.getsWarm();
    if (type === 'child.exits') this.#exit(1);
    if (type === 'child.pongs') {
      child.says({ type: 'link.ponged', id: this.#process.actor.getSnapshot().context.pingId });
    }
    if (type === 'child.fails') {
      child.says({
        type: 'link.warmupFailed',
        failure: { code: 'GR_PREWARM_FAILED', message: '' },
        fatal: false,
      });
    }
  }

  #check(): void {
    const { children, emitted, actor } = this.#process;
    expect(children.children.length, 'one process').toBeLessThanOrEqual(1);
    expect(emitted.filter(({ type }) => type === 'process.stopping').length).toBeLessThanOrEqual(1);
    const isDone = actor.getSnapshot().status === 'done';
    for (const { told, signals, abandoned } of children.children) {
      expect(told.filter(({ type }) => type === 'launch').length, 'one job').toBeLessThanOrEqual(1);
      expect(signals.join(' '), 'TERM once, and before KILL').toMatch(/^(SIGTERM)?( ?SIGKILL)*$/);
      expect(abandoned || (isDone && !this.#isGone), 'no process is left to itself').toBe(false);
    }
  }
}

it('holds whatever happens', { timeout: 30_000 }, async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await randomWalks(events, () => new ProcessWalk(), { numRuns: 150, maxLength: 40, seed: 5 });
});
