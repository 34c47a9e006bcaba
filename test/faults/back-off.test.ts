/** A server that closes again and again: the worker comes back each time, later and later, at a moment nobody can foresee. */
import { expect, vi } from 'vitest';
import { fault, type FaultRecord, section } from '../support/fault.ts';
import { LibraryWorker, runs } from '../support/library-worker.ts';
import { ScriptedServer, type UpgradeAnswer } from '../support/scripted-server.ts';
import type { WorkerConnection } from '../support/worker-connection.ts';

const closes = 100;

/** The jitter is at most this part of the whole, so that a wait of 30 s takes 90 ms and the case ends today. */
const jitterPart = 0.003;

/** Numbers between 0 and `below` that are the same in every run, in place of `Math.random()`. */
function seedRandom(record: FaultRecord, below: number): number[] {
  let state = 20_261_124;
  const drawn: number[] = [];
  const random = vi.spyOn(Math, 'random').mockImplementation(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const value = (state / 2 ** 32) * below;
    drawn.push(value);
    return value;
  });
  record.after(() => random.mockRestore());
  return drawn;
}

/** The most that the n-th wait in a row may be: 0.5 s, 1 s, 2 s … 30 s. */
function ceilingMs(attempt: number): number {
  return Math.min(30_000, 500 * 2 ** (attempt - 1));
}

section('Server and network', () => {
  fault('100 closes in a row', { within: 30_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const drawn = seedRandom(record, jitterPart);
    const worker = await LibraryWorker.start(record, server.access);
    const first = await server.available(1);
    await first.dispatch('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    record.start();
    first.drop();
    const { upgrades, last } = await closeAgainAndAgain(server);
    record('comes back each time, the waits grow to 30 s with full jitter, the job goes on');

    const waits = worker.all('registration.retrying');
    expect(waits).toHaveLength(closes);
    expect(waits.map(({ attempt }) => attempt)).toEqual(numbers(closes));
    // The random numbers decide alone: a part of the ceiling that may be nothing or all of it.
    expect(drawn.filter((value) => value > jitterPart * 0.9).length).toBeGreaterThan(0);
    for (const [index, { delayMs, attempt, at }] of waits.entries()) {
      const fitting = drawn.some((value) => Math.round(ceilingMs(attempt) * value) === delayMs);
      expect(fitting, `wait ${attempt}: ${delayMs} ms`).toBe(true);
      // Never earlier than it says; timers count whole milliseconds.
      expect(upgrades[index]! - at).toBeGreaterThan(delayMs - 2);
    }
    expect(await last.next('migrateJob')).toMatchObject({ jobIds: ['AJ_1'] });
    expect(runs(pid)).toBe(true);
    expect((await last.ask('AJ_2')).available).toBe(true);
  });

  fault('20 registrations lose their connection at once', { within: 5_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const names = numbers(20).map((number) => `agent-${number}`);
    const worker = await LibraryWorker.start(record, server.access, {
      registrations: names.map((agentName) => ({ agentName })),
    });
    await server.available(names.length);
    seedRandom(record, 1);
    record.start();
    for (const connection of server.connections.items.slice()) connection.drop();
    await server.available(names.length * 2);
    record('they come back spread over the first half second');
    const delays = worker.all('registration.retrying').map(({ delayMs }) => delayMs);
    expect(delays).toHaveLength(names.length);
    for (const from of [0, 100, 200, 300, 400]) {
      const share = delays.filter((delayMs) => delayMs >= from && delayMs < from + 100);
      expect(share.length, `from ${from} ms: ${delays.join(', ')}`).toBeGreaterThan(0);
      expect(share.length, `from ${from} ms: ${delays.join(', ')}`).toBeLessThan(10);
    }
  });
});

/** Every way to close there is, in turn, until a hundred are full; answers when each upgrade was asked for. */
async function closeAgainAndAgain(server: ScriptedServer) {
  const upgrades: number[] = [];
  const before = server.requests.items.length;
  for (let count = 1; ; count += 1) {
    const isLast = count === closes;
    const way = ways[count % ways.length]!;
    server.upgrade = isLast ? 'accept' : way.upgrade;
    server.answersRegister = isLast || way.answersRegister;
    const opened = server.connections.items.length + 1;
    const { at } = await server.request(before + count);
    upgrades.push(at);
    if (isLast) return { upgrades, last: await server.available(opened) };
    if (way.upgrade === 'accept') await close(await server.registered(opened), way);
  }
}

async function close(connection: WorkerConnection, { answersRegister, code }: Way): Promise<void> {
  if (answersRegister) await connection.next('updateWorker');
  if (code === null) connection.drop();
  else connection.close(code);
}

interface Way {
  upgrade: UpgradeAnswer;
  answersRegister: boolean;
  /** `null`: no close frame. */
  code: number | null;
}

const ways: Way[] = [
  { upgrade: 503, answersRegister: false, code: null },
  { upgrade: 'accept', answersRegister: false, code: null },
  { upgrade: 'accept', answersRegister: true, code: null },
  { upgrade: 'accept', answersRegister: true, code: 1000 },
  { upgrade: 'accept', answersRegister: true, code: 1012 },
];

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
