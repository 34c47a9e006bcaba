/** What the page makes of its stream, without a browser. */
import { createActor } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { HelloFrame } from '../../../src/inspect/frames.ts';
import type { InspectMessage, JobMessage } from '../../../src/inspect/messages.ts';
import { chartFor, enabledEvents, marksOf } from '../../../src/inspect/page/model/charts.ts';
import { Ingest, isStatelyMessage } from '../../../src/inspect/page/model/ingest.ts';
import { Lanes } from '../../../src/inspect/page/model/lanes.ts';
import { Log } from '../../../src/inspect/page/model/log.ts';
import { Scope } from '../../../src/inspect/page/model/scope.ts';
import { treeRows, valueText } from '../../../src/inspect/page/model/tree.ts';
import { WireWriter } from '../../../src/inspect/wire/writer.ts';
import { toggle } from '../toggle.ts';

/** The messages of a real actor that was toggled so often. */
function toggled(times: number): InspectMessage[] {
  const messages: InspectMessage[] = [];
  let time = 1000;
  const writer = new WireWriter({
    now: () => (time += 1),
    send: (message) => messages.push({ ...message, seq: messages.length + 1 }),
  });
  const actor = createActor(toggle, { inspect: writer.inspect }).start();
  for (let index = 0; index < times; index += 1) actor.send({ type: 'toggle' });
  return messages;
}

function logOf(messages: readonly InspectMessage[]): Log {
  const log = new Log();
  for (const message of messages) log.add(message);
  return log;
}

const stateAt = (log: Log, end: number): unknown =>
  [...log.stageAt(end).actors.values()][0]?.snapshot.value;

describe('the log', () => {
  const messages = toggled(2000);
  const log = logOf(messages);

  it('tells how it was at each moment, whatever the order in which they are asked for', () => {
    const told = messages.filter(({ type }) => type !== '@greenroom.definition');
    const values = new Map<number, unknown>([[0, undefined]]);
    let value: unknown;
    for (const [index, message] of told.entries()) {
      if ('snapshot' in message) value = message.snapshot.value;
      values.set(index + 1, value);
    }
    expect(log.end).toBe(told.length);
    for (const end of [0, 1, 7, 511, 512, 513, 3000, 2999, 1, log.end, 700]) {
      expect(stateAt(log, end)).toEqual(values.get(end));
    }
  });

  it('finds the moment of a time', () => {
    const { time } = log.at(1234)!;
    expect(log.endAt(time)).toBe(1235);
    expect(log.endAt(0)).toBe(0);
    expect(log.endAt(Infinity)).toBe(log.end);
  });

  it('forgets the oldest, and still knows how everything was from there on', () => {
    const long = new Log();
    for (let round = 0; round < 40; round += 1) for (const message of messages) long.add(message);
    expect(long.first).toBeGreaterThan(0);
    expect(long.end - long.first).toBeLessThanOrEqual(240 * 512);
    expect(long.at(long.first)).toBeDefined();
    expect(long.at(long.first - 1)).toBeUndefined();
    expect(stateAt(long, long.first + 600)).toBeDefined();
    const before = long.head.actors.size;
    expect(long.stageAt(long.end).actors.size).toBe(before);
  });

  it('a scope finds its entries once, and follows', () => {
    const growing = new Log();
    let looked = 0;
    const scope = new Scope(growing, ({ message }) => {
      looked += 1;
      return message.type === '@xstate.event';
    });
    for (const message of messages.slice(0, 1000)) growing.add(message);
    const first = scope.indices.length;
    expect(scope.indices.length).toBe(first);
    for (const message of messages.slice(1000)) growing.add(message);
    expect(scope.indices.length).toBeGreaterThan(first);
    expect(looked).toBe(growing.end);
    expect(scope.positionOf(scope.indices[17]!)).toBe(17);
  });
});

describe('a chart', () => {
  it('shows what is active, what was taken, and what can be taken', () => {
    const log = logOf(toggled(1));
    const [actor] = log.head.actors.values();
    const { chart } = chartFor(actor!.definition!);
    const marks = marksOf(chart!, actor!);
    expect(marks.active.has(valueText(actor!.snapshot.value))).toBe(true);
    expect(marks.taken.size).toBe(1);
    expect([...enabledEvents(chart!, actor!).keys()]).toContain('toggle');
  });

  it('guesses the transition where the stream does not tell it', () => {
    const told = toggled(1);
    const foreign = told.map((message) => {
      if (message.type !== '@xstate.snapshot') return message;
      const { transitions: _transitions, ...rest } = message;
      return rest;
    });
    const marks = [told, foreign].map((messages) => {
      const [actor] = logOf(messages).head.actors.values();
      return marksOf(chartFor(actor!.definition!).chart!, actor!).taken;
    });
    expect(marks[1]).toEqual(marks[0]);
  });

  it('that cannot be drawn says why', () => {
    const { failure } = chartFor('{"id":"broken","initial":"nowhere","states":{"a":{}}}');
    expect(failure).toMatch(/^The machine's definition cannot be drawn: /);
    expect(chartFor('no JSON').failure).toMatch(/cannot be drawn/);
  });
});

describe('the stream', () => {
  const hello: HelloFrame = {
    type: 'hello',
    protocol: 1,
    runId: 'one',
    source: 'worker',
    title: 'test',
    version: '0',
    canSend: false,
    appLines: null,
    recording: null,
  };
  const messages = toggled(50);
  const events = messages.filter(({ type }) => type !== '@greenroom.definition').length;
  const started = (): Ingest => {
    const ingest = new Ingest();
    ingest.take(hello);
    ingest.take({ type: 'replay', state: false, messages: messages.slice(0, 60) });
    ingest.take({ type: 'live' });
    return ingest;
  };

  it('that was cut goes on where it was, when nothing is missing', () => {
    const ingest = started();
    ingest.take(hello);
    ingest.take({ type: 'replay', state: true, messages: messages.slice(0, 3) });
    ingest.take({ type: 'replay', state: false, messages });
    ingest.take({ type: 'live' });
    expect(ingest.log.end).toBe(events);
    expect(ingest.missing).toBe(0);
  });

  it('that was cut for too long says what is missing, and shows how it is now', () => {
    const ingest = started();
    ingest.take(hello);
    ingest.take({ type: 'replay', state: true, messages: messages.slice(0, 3) });
    ingest.take({ type: 'replay', state: false, messages: messages.slice(90) });
    expect(ingest.missing).toBe(30);
    expect(ingest.log.head.actors.size).toBe(1);
  });

  it('of another run begins anew', () => {
    const ingest = started();
    let resets = 0;
    ingest.onReset = () => (resets += 1);
    ingest.take({ ...hello, runId: 'two' });
    expect(resets).toBe(1);
    expect(ingest.log.end).toBe(0);
  });

  it('tells what the page was too slow for', () => {
    const ingest = started();
    ingest.take({ type: 'dropped', count: 12, fromSeq: 61, toSeq: 72 });
    expect(ingest.log.at(ingest.log.end - 1)?.message).toEqual({ type: 'gap', count: 12 });
    expect(ingest.missing).toBe(12);
  });

  it('of an app is told from other messages', () => {
    expect(messages.filter((message) => isStatelyMessage(message)).length).toBe(events);
    for (const other of [
      null,
      1,
      'x',
      {},
      { type: '@xstate.event' },
      { type: 'x', sessionId: 'y' },
    ])
      expect(isStatelyMessage(other)).toBe(false);
  });
});

describe('the timeline', () => {
  const job = (at: number, phase: JobMessage['job']['phase']): JobMessage => ({
    type: '@greenroom.job',
    sessionId: 'x:9',
    at,
    job: {
      jobId: 'AJ_1',
      dispatchId: 'AD_1',
      room: 'room',
      agentName: 'agent',
      slot: 'job.1',
      phase,
      processId: null,
      pid: null,
      outcome: phase === 'ended' ? 'succeeded' : null,
      reason: null,
      failure: null,
    },
  });

  it('has a stretch for each phase of a job, and no other lanes beside jobs', () => {
    const lanes = new Lanes();
    for (const message of toggled(1)) lanes.add(message);
    expect(lanes.shown.length).toBe(1);
    lanes.add(job(10, 'deciding'));
    lanes.add(job(12, 'running'));
    lanes.add(job(13, 'running'));
    lanes.add(job(20, 'ended'));
    expect(lanes.shown).toMatchObject([
      {
        title: 'room',
        detail: 'AJ_1',
        outcome: 'succeeded',
        stretches: [
          { phase: 'deciding', from: 10, to: 12 },
          { phase: 'running', from: 12, to: 20 },
        ],
      },
    ]);
  });
});

it('the tree shows what is searched for, and what stands above it', () => {
  const log = logOf(toggled(1));
  const all = { search: '', show: 'all', isOpen: () => true } as const;
  const rows = treeRows(log.head, all);
  expect(rows.length).toBe(1);
  expect(treeRows(log.head, { ...all, search: 'nothing like it' })).toEqual([]);
  expect(treeRows(log.head, { ...all, search: rows[0]!.actor.name }).length).toBe(1);
  expect(treeRows(log.head, { ...all, show: 'ended' })).toEqual([]);
});

it('a value is one line', () => {
  expect(valueText('on')).toBe('on');
  expect(valueText({ on: { left: 'a', right: { b: 'c' } } })).toBe('on.left.a | right.b.c');
  expect(valueText(undefined)).toBe('');
});
