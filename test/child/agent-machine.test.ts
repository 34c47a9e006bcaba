import { describe, expect, it } from 'vitest';
import { fromPromise, fromTransition } from 'xstate';
import type { SessionLogicInput } from '../../src/child/agent-definition.ts';
import { getJobContext } from '../../src/child/job-context-storage.ts';
import type { RoomSessionEvent } from '../../src/child/room-events.ts';
import type { InspectMessage } from '../../src/inspect/messages.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';
import { base, context, ended, talking, untilAborted } from './call-machine.ts';
import { startSession, turn } from './machine-session.ts';

describe('a machine in the place of entry', () => {
  it('is the actor entry of the session, and gets the job context', async () => {
    const { state, machine, ctx } = await talking();
    expect(state()).toBe('talking');
    expect(machine.id).toBe('entry');
    expect((machine.getSnapshot() as { context: SessionLogicInput }).context.ctx).toBe(ctx);
  });

  it('meets who was in the room already, also when it goes on after connect()', async () => {
    const { greeted } = await talking();
    expect(greeted).toEqual([{ type: 'greeted', identity: 'alice' }]);
  });

  it('is told what happens in the room, and ignores what it has no transition for', async () => {
    const { room, state, seen, machine } = await talking();
    const before = machine.getSnapshot();
    room.emit('roomMetadataChanged', 'new');
    room.join('bob');
    expect(machine.getSnapshot()).toBe(before);
    const payload = new Uint8Array([7]);
    room.emit('dataReceived', payload, undefined, 1, 'chat');
    expect(state()).toBe('talking');
    expect(seen()).toMatchObject([{ type: 'room.dataReceived', payload, topic: 'chat' }]);
  });

  it('is told of the drain', async () => {
    const { listeners, seen } = await talking();
    listeners.tell('drain', { deadlineMs: 60_000 });
    expect(seen()).toEqual([{ type: 'session.draining', deadlineMs: 60_000 }]);
  });

  it('that reaches a final state without having connected ends the job', async () => {
    const { output } = startSession({ session: base.createMachine({ context, type: 'final' }) });
    expect(await output()).toMatchObject(ended('entry-returned'));
  });

  it('that reaches a final state in the room leaves the session running', async () => {
    const { actor, machine, close, output, room } = await talking();
    machine.send({ type: 'finish' });
    await turn();
    expect(actor.getSnapshot().value).toMatchObject({ active: { entry: 'returned' } });
    expect(room.eventNames()).not.toContain('dataReceived');
    close();
    expect(await output()).toMatchObject(ended('terminated'));
  });

  it('begins when the session has started, whatever its first action does', async () => {
    const order: string[] = [];
    const session = startSession({
      session: base.createMachine({
        context: (args) => {
          order.push('context');
          return context(args);
        },
        entry: () => order.push('entry'),
      }),
    });
    expect([order, session.emitted]).toEqual([[], [{ type: 'session.started' }]]);
    await turn();
    expect(order).toEqual(['context', 'entry']);
  });

  it('has a job context wherever its code runs', async () => {
    const contexts: Record<string, unknown> = {};
    const note = (name: string) => () => void (contexts[name] = getJobContext(false));
    const session = startSession({
      session: base.createMachine({
        context,
        entry: note('first action'),
        invoke: {
          src: fromPromise(async () => note('invoked')()),
          onDone: { actions: note('done') },
        },
        on: { 'room.connected': { actions: note('room') } },
        after: { 1: { actions: note('later') } },
      }),
    });
    await turn();
    session.room.succeed();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await turn();
    const names = ['first action', 'invoked', 'done', 'room', 'later'];
    expect(contexts).toEqual(Object.fromEntries(names.map((name) => [name, session.ctx])));
  });
});

describe('a machine that is watched', () => {
  it('is shown below the session, with its own chart and states', async () => {
    const messages: InspectMessage[] = [];
    const session = await talking((actor) => {
      new WireWriter({ send: (message) => messages.push(message) }).attach(actor);
    });
    const told = <Type extends InspectMessage['type']>(type: Type) =>
      messages.filter((message) => message.type === type) as Extract<
        InspectMessage,
        { type: Type }
      >[];
    const entry = told('@xstate.actor').find(({ actorId }) => actorId === 'entry');
    expect(entry).toMatchObject({ parentId: session.actor.sessionId, kind: 'machine' });
    const definition = told('@greenroom.definition').find(
      ({ definitionId }) => definitionId === entry?.definitionId,
    );
    expect(JSON.parse(definition?.definition ?? '')).toMatchObject({ id: 'call' });
    const own = <Message extends { sessionId: string }>(list: Message[]) =>
      list.filter(({ sessionId }) => sessionId === entry?.sessionId);
    expect(own(told('@xstate.event')).map(({ event }) => event.type)).toEqual([
      'xstate.init',
      'session.started',
      'xstate.done.actor.0.call.connecting',
      'room.connected',
      'room.participantConnected',
    ]);
    // First it waits for the session to start.
    expect(own(told('@xstate.snapshot')).map(({ snapshot }) => snapshot.value)).toEqual([
      undefined,
      'connecting',
      'waiting',
      'waiting',
      'talking',
    ]);
  });
});

describe('other logic in the place of entry', () => {
  it('may be a promise with the job context', async () => {
    let seen: unknown;
    const session = startSession({
      session: fromPromise<void, SessionLogicInput>(async ({ input }) => void (seen = input.ctx)),
    });
    expect(await session.output()).toMatchObject(ended('entry-returned'));
    expect(seen).toBe(session.ctx);
  });

  it('may be a promise that stops with ctx.signal', async () => {
    const session = startSession({ session: untilAborted });
    await turn();
    session.close();
    expect(await session.output()).toMatchObject(ended('terminated'));
  });

  it('may be a transition function, which hears the events', async () => {
    const session = startSession(
      {
        session: fromTransition(
          (types: string[], { type }: RoomSessionEvent) => [...types, type],
          [],
        ),
      },
      { entryGraceMs: 20 },
    );
    await turn();
    session.close();
    await session.output();
    expect(session.machine.getSnapshot()).toMatchObject({
      context: ['session.closing', 'xstate.stop'],
    });
  });
});
