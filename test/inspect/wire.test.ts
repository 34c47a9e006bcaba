import { assign, createActor, createMachine, sendTo, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { ActorMessage, InspectMessage, SnapshotMessage } from '../../src/inspect/messages.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';

function record(): { messages: InspectMessage[]; writer: WireWriter } {
  const messages: InspectMessage[] = [];
  const writer = new WireWriter({ send: (message) => messages.push(message) });
  return { messages, writer };
}

function actors(messages: InspectMessage[]): ActorMessage[] {
  return messages.filter((message) => message.type === '@xstate.actor');
}

function snapshots(messages: InspectMessage[]): SnapshotMessage[] {
  return messages.filter((message) => message.type === '@xstate.snapshot');
}

const child = setup({}).createMachine({
  id: 'child',
  initial: 'open',
  states: { open: { on: { close: 'closed' } }, closed: { type: 'final' } },
});

const parent = setup({ actors: { child } }).createMachine({
  id: 'parent',
  initial: 'working',
  states: {
    working: {
      invoke: { id: 'kid', src: 'child', onDone: 'resting' },
      on: { stop: { actions: sendTo('kid', { type: 'close' }) } },
    },
    resting: { always: 'over' },
    over: { type: 'final' },
  },
});

describe('the wire writer', () => {
  it('tells of actors, events and snapshots as they come, with the transitions that were taken', () => {
    const { messages, writer } = record();
    const actor = createActor(parent, { inspect: writer.inspect }).start();
    actor.send({ type: 'stop' });

    const [root, kid] = actors(messages);
    expect(root).toMatchObject({ name: 'parent', kind: 'machine', rootId: actor.sessionId });
    expect(kid).toMatchObject({ name: 'kid', parentId: actor.sessionId, machineId: 'child' });
    const told = messages.flatMap((message) =>
      message.type === '@xstate.event' ? [`${message.sourceId ?? ''}>${message.event.type}`] : [],
    );
    expect(told).toEqual([
      '>xstate.init',
      `${actor.sessionId}>xstate.init`,
      '>stop',
      `${actor.sessionId}>close`,
      `${kid?.sessionId}>xstate.done.actor.kid`,
    ]);
    const last = snapshots(messages).findLast(({ sessionId }) => sessionId === actor.sessionId);
    expect(last?.snapshot).toMatchObject({ status: 'done', value: 'over' });
    expect(last?.transitions).toEqual([
      {
        source: 'parent.working',
        targets: ['parent.resting'],
        eventType: 'xstate.done.actor.kid',
        index: 0,
      },
      { source: 'parent.resting', targets: ['parent.over'], eventType: '', index: 0 },
    ]);
  });

  it('stamps a message when the thing happens, with its process', () => {
    const messages: InspectMessage[] = [];
    let now = 1_000.5;
    const writer = new WireWriter({ send: (message) => messages.push(message), now: () => now });
    const actor = createActor(child, { inspect: writer.inspect }).start();
    now = 2_000.25;
    actor.send({ type: 'close' });
    expect(messages.at(-1)).toMatchObject({ at: 2_000.25, createdAt: '2000', pid: process.pid });
    expect(messages[1]).toMatchObject({ at: 1_000.5, createdAt: '1000', id: null });
  });

  it('tells a viewer that comes later of every actor, parents first, each machine with its definition', () => {
    const { messages, writer } = record();
    const actor = createActor(parent).start();
    const detach = writer.attach(actor);
    expect(actors(messages).map(({ name }) => name)).toEqual(['parent', 'kid']);
    expect(actors(messages)[0]?.snapshot).toMatchObject({ status: 'active', value: 'working' });
    const definitions = messages.filter(({ type }) => type === '@greenroom.definition');
    expect(definitions).toHaveLength(2);
    detach();
    const before = messages.length;
    actor.send({ type: 'stop' });
    expect(messages).toHaveLength(before);
  });

  it('gives the actors of another process a scope and a place in the tree', () => {
    const messages: InspectMessage[] = [];
    const scope = { prefix: 'x:7', parentId: 'x:7', rootId: 'x:0' };
    const writer = new WireWriter({ send: (message) => messages.push(message), scope });
    const actor = createActor(parent, { inspect: writer.inspect }).start();
    actor.send({ type: 'stop' });
    const [root, kid] = actors(messages);
    expect(root).toMatchObject({
      sessionId: `x:7/${actor.sessionId}`,
      parentId: 'x:7',
      rootId: 'x:0',
    });
    expect(kid).toMatchObject({ parentId: root?.sessionId, rootId: 'x:0' });
    const working = snapshots(messages).find(({ sessionId }) => sessionId === root?.sessionId);
    expect(working?.snapshot.children).toEqual({ kid: { xstate$$type: 1, id: kid?.sessionId } });
  });

  it('tells the end of an actor that throws, which XState itself does not', () => {
    const { messages, writer } = record();
    const thrower = setup({
      actions: {
        fail: () => {
          throw new Error('no way');
        },
      },
    }).createMachine({ id: 'thrower', on: { go: { actions: 'fail' } } });
    const above = setup({ actors: { thrower } }).createMachine({
      id: 'above',
      invoke: { id: 'thrower', src: 'thrower', onError: {} },
      on: { go: { actions: sendTo('thrower', { type: 'go' }) } },
    });
    const actor = createActor(above, { inspect: writer.inspect }).start();
    actor.send({ type: 'go' });
    const id = actors(messages).find(({ name }) => name === 'thrower')?.sessionId;
    const ends = snapshots(messages).filter(
      ({ sessionId, snapshot }) => sessionId === id && snapshot.status !== 'active',
    );
    expect(ends).toHaveLength(1);
    expect(ends[0]?.snapshot).toMatchObject({ status: 'error', error: { message: 'no way' } });
  });

  it('does not harm the actor when it cannot write, or its receiver throws', () => {
    const writer = new WireWriter({
      send: () => {
        throw new Error('full');
      },
    });
    const actor = createActor(child, { inspect: writer.inspect }).start();
    actor.send({ type: 'close' });
    expect(actor.getSnapshot().status).toBe('done');
  });

  it('that remembers what it wrote of values that never change writes the same', () => {
    const known = { password: 'planted-memory', list: [{ deep: { text: 'y'.repeat(1_500) } }] };
    const large = Array.from({ length: 60 }, () => ({ text: 'x'.repeat(1_900) }));
    const machine = createMachine({
      id: 'remembered',
      context: { known, again: { known }, count: 0, large: [] as object[] },
      on: {
        count: { actions: assign({ count: ({ context }) => context.count + 1 }) },
        grow: { actions: assign({ large }) },
      },
    });
    const written: InspectMessage[][] = [];
    const writerOf = (isImmutable: boolean): WireWriter => {
      const messages: InspectMessage[] = [];
      written.push(messages);
      const send = (message: InspectMessage): unknown => messages.push(message);
      return new WireWriter({ send, now: () => 0, isImmutable: () => isImmutable });
    };
    const actor = createActor(machine);
    for (const writer of [writerOf(true), writerOf(false)]) writer.attach(actor);
    actor.start();
    for (const type of ['count', 'count', 'grow', 'count'] as const) actor.send({ type });
    expect(written[0]).toEqual(written[1]);
    const contexts = snapshots(written[0] ?? []).map(({ snapshot }) => snapshot.context as object);
    expect(contexts).toHaveLength(5);
    // Not written again: the very same.
    const [first, second] = contexts as { known: object }[];
    expect(second?.known).toBe(first?.known);
    expect(JSON.stringify(written)).not.toContain('planted-memory');
  });

  it('bounds depth, lists, texts and the whole, and follows no circle and no getter', () => {
    const { messages, writer } = record();
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 50; level += 1) deep = { deep };
    let runs = 0;
    const withGetter = {
      get costly() {
        runs += 1;
        return 'x';
      },
    };
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('hands off');
        },
      },
    );
    const machine = createMachine({
      id: 'large',
      context: {
        circle,
        deep,
        withGetter,
        hostile,
        list: Array.from({ length: 10_000 }, (_, index) => index),
        text: 'x'.repeat(1_000_000),
        map: new Map([['a', 1n]]),
        bytes: new Uint8Array(9),
        texts: Array.from({ length: 90 }, () => 'y'.repeat(1_900)),
      },
    });
    createActor(machine, { inspect: writer.inspect }).start();
    const [snapshot] = snapshots(messages);
    const text = JSON.stringify(snapshot);
    expect(text.length).toBeLessThan(100_000);
    expect(runs).toBe(0);
    expect(snapshot?.snapshot.context).toMatchObject({
      circle: { name: 'circle', self: '<circular>' },
      hostile: '<unreadable>',
      withGetter: { costly: '<getter>' },
      map: { a: '1n' },
      bytes: '<Uint8Array: 9 bytes>',
    });
  });
});
