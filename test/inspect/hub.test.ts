import { createActor, fromPromise, setup } from 'xstate';
import { describe, expect, it, vi } from 'vitest';
import { pageEncoder, statelyEncoder } from '../../src/inspect/encoders.ts';
import { FlowReader } from '../../src/inspect/flow-reader.ts';
import type { DroppedFrame, ReplayFrame, ToPage } from '../../src/inspect/frames.ts';
import { InspectHub, type Replay } from '../../src/inspect/hub.ts';
import type { InspectMessage } from '../../src/inspect/messages.ts';
import { Entry } from '../../src/inspect/entry.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';

const facts = {
  source: 'worker' as const,
  title: 'test',
  version: '0',
  canSend: false,
  appLines: null,
  recording: null,
};

const counter = setup({
  types: { context: {} as { text: string } },
  actors: { sleep: fromPromise(() => new Promise(() => {})) },
}).createMachine({
  id: 'counter',
  context: { text: '' },
  initial: 'counting',
  states: {
    counting: { invoke: { id: 'sleep', src: 'sleep' }, on: { end: 'over', count: {} } },
    over: { type: 'final' },
  },
});

class Keeper {
  replay: Replay | null = null;
  readonly entries: Entry[] = [];
  join(replay: Replay): void {
    this.replay = replay;
  }
  next(entry: Entry): void {
    this.entries.push(entry);
  }
}

function replayOf({ replay }: Keeper): Replay {
  if (replay === null) throw new Error('The reader has not joined.');
  return replay;
}

function messagesOf(entries: readonly Entry[] = []): InspectMessage[] {
  return entries.map(({ message }) => message);
}

function namesOf(messages: InspectMessage[]): string[] {
  return messages.flatMap((message) => (message.type === '@xstate.actor' ? [message.name] : []));
}

/** An actor that is a source of the hub, as the worker is. */
function source(actor = createActor(counter).start()) {
  return {
    actor,
    start: (send: (message: InspectMessage) => void) => new WireWriter({ send }).attach(actor),
  };
}

describe('the hub', () => {
  it('listens to nobody while nobody reads, and stops some time after the last reader', () => {
    vi.useFakeTimers();
    const hub = new InspectHub({ lingerMs: 1_000 });
    const start = vi.fn(() => stop);
    const stop = vi.fn();
    hub.addSource({ start });
    hub.accept({ type: '@greenroom.definition', definitionId: 'x', definition: '{}' });
    expect(start).not.toHaveBeenCalled();
    expect(hub.state()).toEqual([]);

    const leave = hub.read(new Keeper());
    expect(start).toHaveBeenCalledOnce();
    leave();
    vi.advanceTimersByTime(900);
    hub.read(new Keeper())();
    expect(stop).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_001);
    expect(stop).toHaveBeenCalledOnce();
    hub.read(new Keeper());
    expect(start).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });

  it('tells a late reader of every living actor, with definition and last snapshot', () => {
    // A ring so small that what came first is no longer in it.
    const hub = new InspectHub({ ring: { messages: 3, length: 1_000_000 } });
    const counting = source();
    hub.addSource(counting);
    hub.read(new Keeper());
    for (let index = 0; index < 10; index += 1) counting.actor.send({ type: 'count' });

    const late = new Keeper();
    hub.read(late);
    const { state: before, ring } = replayOf(late);
    const state = messagesOf(before);
    expect(state.map(({ type }) => type).slice(0, 2)).toEqual([
      '@greenroom.definition',
      '@xstate.actor',
    ]);
    expect(namesOf(state)).toEqual(['counter', 'sleep']);
    expect(ring).toHaveLength(3);
    counting.actor.send({ type: 'end' });
    expect(messagesOf(late.entries).at(-1)).toMatchObject({ snapshot: { status: 'done' } });
    // Nothing is missing between the replay and what comes then.
    expect(late.entries[0]!.seq).toBe(ring.at(-1)!.seq + 1);
  });

  it('keeps a reader that comes after an end informed of it', () => {
    const hub = new InspectHub({ ring: { messages: 1, length: 1_000_000 } });
    const counting = source();
    hub.addSource(counting);
    hub.read(new Keeper());
    counting.actor.send({ type: 'end' });
    const late = new Keeper();
    hub.read(late);
    const { state, ring } = replayOf(late);
    const ends = messagesOf([...state, ...ring]).filter(
      (message) => message.type === '@xstate.snapshot' && message.snapshot.status !== 'active',
    );
    expect(ends).toHaveLength(2);
  });

  it('tells a late reader of an actor that was told again as it was told last', () => {
    const hub = new InspectHub({ isAlwaysOn: true, ring: { messages: 1, length: 1_000_000 } });
    const actor = createActor(counter).start();
    new WireWriter({ send: hub.accept }).attach(actor);
    actor.send({ type: 'count' });
    actor.send({ type: 'end' });
    // As a job process does that had more to tell than its worker took.
    new WireWriter({ send: hub.accept }).attach(actor);
    const [last] = messagesOf(hub.state())
      .filter((message) => 'snapshot' in message && message.sessionId === actor.sessionId)
      .slice(-1);
    expect(last).toMatchObject({ type: '@xstate.actor', snapshot: { status: 'done' } });
    expect(hub.now.live()).toEqual([]);
  });

  it('ends what a dead process has left open', () => {
    const hub = new InspectHub({ isAlwaysOn: true });
    const scope = { prefix: 'x:7', parentId: 'x:7', rootId: 'x:0' };
    const writer = new WireWriter({ send: hub.accept, scope });
    const actor = createActor(counter, { inspect: writer.inspect }).start();
    expect(hub.now.live()).toHaveLength(2);
    hub.lose('x:7');
    expect(hub.now.live()).toEqual([]);
    const last = hub.state().findLast(({ message }) => message.type === '@xstate.snapshot');
    expect(last?.message).toMatchObject({ isLost: true, snapshot: { status: 'stopped' } });
    const ended = hub
      .state()
      .flatMap(({ message }) =>
        message.type === '@xstate.snapshot' && message.isLost === true ? [message.sessionId] : [],
      );
    expect(ended).toContain(`x:7/${actor.sessionId}`);
  });
});

/** A socket that takes nothing until it is told to. */
class SlowSocket {
  readonly frames: string[] = [];
  #pending: (() => void)[] = [];
  isOpen = false;

  readonly send = (text: string, done: () => void): void => {
    this.frames.push(text);
    if (this.isOpen) queueMicrotask(done);
    else this.#pending.push(done);
  };

  get length(): number {
    return this.frames.reduce((sum, { length }) => sum + length, 0);
  }

  open(): void {
    this.isOpen = true;
    for (const done of this.#pending.splice(0)) done();
  }

  get parsed(): ToPage[] {
    return this.frames.map((text) => JSON.parse(text) as ToPage);
  }
}

describe('a reader behind a socket', () => {
  it('that has stalled costs no more than its limits, and learns what it lacks and how it is now', async () => {
    const hub = new InspectHub();
    const counting = source();
    hub.addSource(counting);
    const socket = new SlowSocket();
    const limits = { waitingLength: 50_000, frameLength: 10_000, batchMs: 0 };
    hub.read(new FlowReader(socket.send, pageEncoder(facts), () => hub.state(), limits));
    const before = hub.state().at(-1)!.seq;
    for (let index = 0; index < 2_000; index += 1) counting.actor.send({ type: 'count' });
    // The greeting went out; nothing follows before it was taken.
    expect(socket.length).toBeLessThan(10_000);
    socket.open();
    await vi.waitFor(() => expect(socket.parsed.at(-1)).toMatchObject({ type: 'live' }));

    const dropped = socket.parsed.filter(({ type }) => type === 'dropped');
    const lost: DroppedFrame = {
      type: 'dropped',
      count: 4_000,
      fromSeq: before + 1,
      toSeq: before + 4_000,
    };
    expect(dropped).toEqual([lost]);
    const state = socket.parsed.findLast(
      (frame): frame is ReplayFrame => frame.type === 'replay' && frame.state,
    );
    expect(namesOf(state?.messages ?? [])).toEqual(['counter', 'sleep']);

    counting.actor.send({ type: 'end' });
    await vi.waitFor(() => expect(socket.parsed.at(-1)).toMatchObject({ type: 'batch' }));
    const batch = socket.parsed.at(-1) as ReplayFrame;
    expect(batch.messages[0]).toMatchObject({ type: '@xstate.event', event: { type: 'end' } });
  });

  it('holds no more than its limit together with what it has begun to send', async () => {
    const frames: ToPage[] = [];
    let taken: () => void = () => {};
    const reader = new FlowReader(
      (text, done) => {
        frames.push(JSON.parse(text) as ToPage);
        taken = done;
      },
      pageEncoder(facts),
      () => [],
      { waitingLength: 1_000, frameLength: 100, batchMs: 0 },
    );
    reader.join({ runId: 'run', state: [], ring: [] });
    taken();
    taken();
    const message: InspectMessage = {
      type: '@greenroom.definition',
      definitionId: 'one',
      definition: 'x'.repeat(40),
    };
    const text = JSON.stringify(message);
    const most = Math.floor(1_000 / text.length);
    const tell = (seq: number): void => reader.next(new Entry(message, seq, text));
    for (let seq = 1; seq <= most; seq += 1) tell(seq);
    await vi.waitFor(() => expect(frames.at(-1)).toMatchObject({ type: 'batch' }));
    tell(most + 1);
    tell(most + 2);

    while (frames.at(-1)?.type !== 'dropped') {
      const before = frames.length;
      taken();
      expect(frames.length).toBe(before + 1);
    }
    const lost = { type: 'dropped', count: 2, fromSeq: most + 1, toSeq: most + 2 };
    expect(frames.at(-1)).toEqual(lost);
  });

  it('of Stately’s form gets one message a frame, each actor with its definition, whenever it joins', () => {
    const hub = new InspectHub({ ring: { messages: 2, length: 1_000_000 } });
    const counting = source();
    hub.addSource(counting);
    hub.read(new Keeper());
    for (let index = 0; index < 5; index += 1) counting.actor.send({ type: 'count' });
    const socket = new SlowSocket();
    socket.isOpen = true;
    hub.read(
      new FlowReader(
        socket.send,
        statelyEncoder(() => hub.now),
        () => hub.state(),
      ),
    );
    return vi.waitFor(() => {
      const [first, second] = socket.parsed as unknown as Record<string, string>[];
      expect(socket.frames).toHaveLength(2);
      expect(first).toMatchObject({ type: '@xstate.actor', name: 'counter' });
      expect(first?.['snapshot']).toMatchObject({ value: 'counting' });
      expect(JSON.parse(first?.['definition'] ?? '')).toMatchObject({ id: 'counter' });
      expect(second).toMatchObject({ name: 'sleep', definition: '{"id":"sleep"}' });
    });
  });
});
