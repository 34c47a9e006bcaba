import { describe, expect, it } from 'vitest';
import { fromCallback, fromPromise } from 'xstate';
import type { SessionLogic } from '../../src/child/agent-definition.ts';
import { base, context, ended, talking } from './call-machine.ts';
import { startSession, turn } from './machine-session.ts';

describe('a machine when the session closes', () => {
  it('is told why, and ends by itself', async () => {
    const { close, output, seen, machine, emitted } = await talking();
    close();
    expect(seen()).toEqual([{ type: 'session.closing', reason: 'terminated', detail: 'bye' }]);
    expect(await output()).toMatchObject(ended('terminated'));
    expect(machine.getSnapshot()).toMatchObject({ status: 'done', value: 'done' });
    expect(emitted.map(({ type }) => type)).toEqual([
      'session.started',
      'session.connecting',
      'session.connected',
      'session.closing',
      'session.outcome',
    ]);
  });

  it('is waited for while it says goodbye', async () => {
    let finish = (): void => {};
    const goodbye = fromPromise<void>(() => new Promise((resolve) => (finish = resolve)));
    const session = startSession({
      session: base.createMachine({
        context,
        initial: 'on',
        states: {
          on: { on: { 'session.closing': 'leaving' } },
          leaving: { invoke: { src: goodbye, onDone: 'off' } },
          off: { type: 'final' },
        },
      }),
    });
    await turn();
    session.close();
    await turn();
    expect(session.state()).toBe('leaving');
    expect(session.emitted.map(({ type }) => type)).not.toContain('session.outcome');
    finish();
    expect(await session.output()).toMatchObject(ended('terminated'));
  });

  it('is waited for when the end of the room is what it acts on', async () => {
    let isSaved = false;
    const save = fromPromise<void>(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isSaved = true;
    });
    const session = startSession({
      session: base.createMachine({
        context,
        initial: 'on',
        states: {
          on: {
            entry: ({ context: { ctx } }) => void ctx.connect(),
            on: { 'room.disconnected': 'saving' },
          },
          saving: { invoke: { src: save, onDone: 'off' } },
          off: { type: 'final' },
        },
      }),
    });
    await turn();
    session.room.succeed();
    await turn();
    session.room.drop(10);
    expect(await session.output()).toMatchObject({ reason: 'room-closed', warnings: [] });
    expect(isSaved).toBe(true);
  });

  it('hears of the end of the room first', async () => {
    const session = startSession({
      session: base.createMachine({
        context,
        initial: 'on',
        states: {
          on: {
            invoke: { src: 'connect', input: ({ context: { ctx } }) => ({ ctx }) },
            on: {
              'room.disconnected': { actions: 'note' },
              'session.closing': { target: 'off', actions: 'note' },
            },
          },
          off: { type: 'final' },
        },
      }),
    });
    await turn();
    session.room.succeed();
    await turn();
    session.room.drop(10);
    expect(session.machine.getSnapshot()).toMatchObject({
      context: {
        seen: [
          { type: 'room.disconnected', reason: 'room-closed', detail: 'ROOM_CLOSED' },
          { type: 'session.closing', reason: 'room-closed', detail: 'ROOM_CLOSED' },
        ],
      },
    });
    expect(await session.output()).toMatchObject(ended('room-closed'));
  });

  it('is not waited for when nothing can end it', async () => {
    const session = startSession({
      session: base.createMachine({ context, after: { 60_000: { actions: 'note' } } }),
    });
    await turn();
    session.close();
    expect(await session.output()).toMatchObject(ended('terminated'));
    expect(session.machine.getSnapshot()).toMatchObject({ status: 'stopped' });
  });

  it('is named when it takes too long, and stopped with the session', async () => {
    let isStopped = false;
    const listens = fromCallback(() => () => void (isStopped = true));
    const session = startSession(
      { session: base.createMachine({ context, invoke: { src: listens } }) },
      { entryGraceMs: 20 },
    );
    await turn();
    session.close();
    const { warnings } = (await session.output()) ?? {};
    expect(warnings).toMatchObject([{ step: 'entry', failure: { code: 'GR_STEP_TIMEOUT' } }]);
    expect(isStopped).toBe(true);
  });

  it('has not failed when what it invoked stops with ctx.signal', async () => {
    const session = startSession({
      session: base.createMachine({
        context,
        invoke: { src: 'untilAborted', input: ({ context: { ctx } }) => ({ ctx }) },
      }),
    });
    await turn();
    session.close();
    expect(await session.output()).toMatchObject(ended('terminated'));
    expect(session.machine.getSnapshot()).toMatchObject({ status: 'done' });
  });

  it('that throws is a warning: the first cause stands', async () => {
    const session = startSession({
      session: base.createMachine({ context, on: { 'session.closing': { actions: 'fail' } } }),
    });
    await turn();
    session.close();
    expect(await session.output()).toMatchObject({
      outcome: 'succeeded',
      reason: 'terminated',
      warnings: [{ step: 'entry', failure: { message: 'no such tool' } }],
    });
  });

  it('begins and is told of a close that comes before it has begun', async () => {
    const session = startSession({
      session: base.createMachine({
        context,
        initial: 'on',
        states: { on: { on: { 'session.closing': 'off' } }, off: { type: 'final' } },
      }),
    });
    session.close();
    expect(await session.output()).toMatchObject(ended('terminated'));
    expect(session.machine.getSnapshot()).toMatchObject({ status: 'done', value: 'off' });
  });
});

describe('a machine that fails', () => {
  const failure = { code: 'GR_ENTRY_FAILED', message: expect.stringMatching(/no such tool$/) };
  const failed = { outcome: 'failed', reason: 'entry-failed', failure, exitCode: 1 };
  const rejects = fromPromise<void>(async () => {
    throw new TypeError('no such tool');
  });
  const machines: Record<string, SessionLogic> = {
    'in its first action': base.createMachine({ context, entry: 'fail' }),
    'in its context': base.createMachine({
      context: () => {
        throw new TypeError('no such tool');
      },
    }),
    'in an action': base.createMachine({ context, on: { throw: { actions: 'fail' } } }),
    'in a guard': base.createMachine({ context, on: { throw: { guard: 'breaks', actions: [] } } }),
    later: base.createMachine({ context, after: { 1: { actions: 'fail' } } }),
    'by an actor that it invoked': base.createMachine({ context, invoke: { src: rejects } }),
    'as a promise': rejects,
    'as a promise that throws at once': fromPromise<void>(() => {
      throw new TypeError('no such tool');
    }),
    'as a callback': fromCallback(() => {
      throw new TypeError('no such tool');
    }),
  };

  it.each(Object.keys(machines))('%s ends the session', async (name) => {
    const session = startSession({ session: machines[name] as SessionLogic });
    await turn();
    if (session.actor.getSnapshot().matches({ active: { course: 'running' } }))
      session.machine.send({ type: 'throw' });
    expect(await session.output()).toMatchObject(failed);
  });

  it('leaves nothing of its own running', async () => {
    const stopped: string[] = [];
    const listens = (name: string) => fromCallback(() => () => void stopped.push(name));
    const session = startSession({
      session: base.createMachine({
        context,
        invoke: { src: listens('invoked') },
        on: { throw: { actions: 'fail' } },
      }),
    });
    await turn();
    session.machine.send({ type: 'throw' });
    expect(stopped).toEqual(['invoked']);
    expect(await session.output()).toMatchObject(failed);
  });
});
