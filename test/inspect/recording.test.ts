import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActor } from 'xstate';
import { InspectHub, type StreamReader } from '../../src/inspect/hub.ts';
import type { InspectMessage } from '../../src/inspect/messages.ts';
import { Recorder } from '../../src/inspect/recorder.ts';
import { readRecording } from '../../src/inspect/recording.ts';
import { serveInspector } from '../../src/inspect/server.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';
import { PageClient } from './page-client.ts';
import { toggle } from './toggle.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A hub with one machine that was toggled before. */
function scene() {
  const hub = new InspectHub({ ring: { messages: 20, length: 1_000_000 } });
  const actor = createActor(toggle).start();
  hub.addSource({ start: (send) => new WireWriter({ send }).attach(actor) });
  return { hub, actor, file: join(folder, 'run.ndjson') };
}

const linesOf = (file: string): InspectMessage[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as InspectMessage);

describe('a recording', () => {
  it('comes back on a page as it happened, message by message', async () => {
    const { hub, actor, file } = scene();
    const live: InspectMessage[] = [];
    hub.read({ join: () => {}, next: ({ message }) => live.push(message) });
    const recorder = new Recorder({ hub, file, title: 'greeter' });
    for (let index = 0; index < 50; index += 1) actor.send({ type: 'toggle' });
    await recorder.close();

    const recording = await readRecording(file);
    expect(recording.header).toMatchObject({ title: 'greeter', part: 1, pid: process.pid });
    const server = await serveInspector({
      hub: recording.host,
      facts: { source: 'recording', title: 'greeter', version: '0', recording: recording.facts },
    });
    const page = new PageClient(server.url);
    await page.replayed();
    const [hello] = page.frames.items;
    expect(hello).toMatchObject({
      source: 'recording',
      canSend: false,
      recording: { file: 'run.ndjson', messages: 102, unreadable: 0, to: live.at(-1)?.at },
    });
    const happened = page.frames.items.flatMap((frame) =>
      frame.type === 'replay' && !frame.state ? frame.messages : [],
    );
    expect(happened.slice(-100)).toEqual(live);
    page.close();
    await server.close();
  });

  it('is put aside when it is full; each file can be read alone, and none is lost between', async () => {
    const { hub, actor, file } = scene();
    const recorder = new Recorder({ hub, file, title: '', maxBytes: 8_000, keep: 2 });
    for (let round = 0; round < 60; round += 1) {
      for (let index = 0; index < 10; index += 1) actor.send({ type: 'toggle' });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await recorder.close();
    expect(readdirSync(folder).toSorted()).toEqual(['run.ndjson', 'run.ndjson.1', 'run.ndjson.2']);
    const parts = [`${file}.2`, `${file}.1`, file];
    const numbers = parts.map((part) => (linesOf(part)[0] as unknown as { part: number }).part);
    expect(numbers).toEqual([numbers[0], numbers[0]! + 1, numbers[0]! + 2]);
    const seqs = new Set<number>();
    for (const part of parts) {
      const messages = linesOf(part);
      expect(messages.some(({ type }) => type === '@greenroom.definition')).toBe(true);
      copyFileSync(part, join(folder, 'alone'));
      const { host, facts } = await readRecording(join(folder, 'alone'));
      expect(host.now.live()).toHaveLength(1);
      expect(facts.files).toBe(1);
      for (const { seq } of messages) if (seq !== undefined) seqs.add(seq);
    }
    const events = [...seqs].filter((seq) => seq > 3).toSorted((left, right) => left - right);
    const [first = 0] = events;
    expect(events).toEqual(Array.from(events, (_, index) => first + index));

    // By the name that was recorded to all are read, in order and nothing twice.
    const { facts, host } = await readRecording(file);
    expect(facts).toMatchObject({ file: 'run.ndjson', files: 3, messages: seqs.size });
    const keeper = { join: vi.fn<StreamReader['join']>(), next: () => {} };
    host.read(keeper);
    const happened = keeper.join.mock.calls[0]?.[0].ring.map(({ seq }) => seq) ?? [];
    expect(happened).toEqual(happened.toSorted((left, right) => left - right));
    expect(happened.at(-1)).toBe(events.at(-1));
    // Only what was put aside in the same run belongs to it.
    writeFileSync(
      `${file}.1`,
      readFileSync(`${file}.1`, 'utf8').replace('"runId":"', '"runId":"x'),
    );
    expect((await readRecording(file)).facts.files).toBe(1);
  });

  it('in which messages are missing goes on in the order in which it was told', async () => {
    const { hub, actor, file } = scene();
    const other = createActor(toggle).start();
    hub.addSource({ start: (send) => new WireWriter({ send }).attach(other) });
    const recorder = new Recorder({ hub, file, title: '' });
    const known = hub.state().map(({ seq }) => seq);
    // The first one told of is the last one to change.
    other.send({ type: 'toggle' });
    actor.send({ type: 'toggle' });
    await recorder.close();
    const written = linesOf(file).filter(({ seq }) => seq === undefined || known.includes(seq));
    const state = hub.state().map(({ message }) => message);
    const gap = { type: '@greenroom.dropped', count: 4 };
    const mark = { type: '@greenroom.state', count: state.length };
    const lines = [...written, gap, mark, ...state].map((line) => JSON.stringify(line));
    writeFileSync(file, `${lines.join('\n')}\n`);
    const { host } = await readRecording(file);
    const keeper = { join: vi.fn<StreamReader['join']>(), next: () => {} };
    host.read(keeper);
    const read = keeper.join.mock.calls.flatMap(([{ state: before, ring }]) => [
      ...before,
      ...ring,
    ]);
    const numbers = read.map(({ seq }) => seq);
    expect(numbers.length).toBeGreaterThan(4);
    expect(numbers).toEqual(numbers.toSorted((one, another) => one - another));
  });

  it('of a program that was killed is read up to where it stops', async () => {
    const { hub, actor, file } = scene();
    const recorder = new Recorder({ hub, file, title: '' });
    actor.send({ type: 'toggle' });
    await recorder.close();
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"type":"@xstate.ev`);
    const { facts } = await readRecording(file);
    expect(facts).toMatchObject({ messages: 4, unreadable: 1 });
  });

  it('puts aside what was there, and keeps others from reading it', async () => {
    const { hub, file } = scene();
    writeFileSync(file, 'of yesterday');
    await new Recorder({ hub, file, title: '' }).close();
    expect(readFileSync(`${file}.1`, 'utf8')).toBe('of yesterday');
  });

  it.each([
    ['does not exist', null, 'cannot be read'],
    ['is empty', '', 'is empty'],
    ['is something else', '{"level":30}\n', 'is no recording'],
    ['is of another form', '{"type":"@greenroom.recording","protocol":99}\n', 'does not read'],
  ])('that %s is refused, with the reason', async (_what, content, reason) => {
    const file = join(folder, 'other.ndjson');
    if (content !== null) writeFileSync(file, content);
    await expect(readRecording(file)).rejects.toMatchObject({
      code: 'GR_RECORDING',
      message: expect.stringMatching(new RegExp(`other\\.ndjson.*${reason}.*--record`, 's')),
    });
  });

  it('that cannot be written is refused at the start', () => {
    const { hub } = scene();
    const file = join(folder, 'taken', 'run.ndjson');
    writeFileSync(join(folder, 'taken'), '');
    expect(() => new Recorder({ hub, file, title: '' })).toThrow(
      expect.objectContaining({ code: 'GR_RECORDING', message: expect.stringContaining(file) }),
    );
  });
});
