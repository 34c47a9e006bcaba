import { describe, expect, it } from 'vitest';
import type { RoomEvent } from '../../machines/session/session.types.ts';
import { AutoSubscribe } from '../../src/child/auto-subscribe.ts';
import { RoomConnection } from '../../src/child/room-connection.ts';
import { FakeRoom } from './fake-room.ts';

const all = { autoSubscribe: AutoSubscribe.SUBSCRIBE_ALL };

function start(linked: { identity: string; sid: string } | null = null) {
  const room = new FakeRoom();
  const controller = new AbortController();
  const address = { url: 'wss://example', token: 'the-token', name: 'lobby' };
  let joins = 0;
  const onJoined = () => (joins += 1);
  const connection = new RoomConnection(room.asRoom(), address, controller.signal, onJoined);
  const events: RoomEvent[] = [];
  const stop = connection.watch(linked, (event) => events.push(event));
  const types = () => events.map((e) => e.type);
  return { room, controller, connection, events, stop, types, joins: () => joins };
}

/** Runs what is ready. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('connecting', () => {
  it('happens once, however often it is asked for', async () => {
    const { room, connection, events } = start();
    const both = Promise.all([connection.connect(all), connection.connect(all)]);
    room.succeed();
    await both;
    await connection.connect(all);
    await settled();
    expect(room.connects).toEqual([
      {
        url: 'wss://example',
        token: 'the-token',
        options: { autoSubscribe: true, dynacast: false },
      },
    ]);
    expect(events).toEqual([
      { type: 'room.connecting' },
      { type: 'room.connected', roomSid: 'RM_1', identity: 'agent-AJ_1', isLinkedHere: false },
    ]);
  });

  it('passes encryption and RTC configuration on', async () => {
    const { room, connection } = start();
    const e2ee = { keyProviderOptions: {} } as never;
    const rtcConfig = { iceServers: [] } as never;
    void connection.connect({ ...all, e2ee, rtcConfig });
    expect(room.connects[0]?.options).toMatchObject({ encryption: e2ee, rtcConfig });
  });

  it('can be tried again after it failed', async () => {
    const { room, connection, events } = start();
    const first = connection.connect(all);
    room.refuse('no route');
    await expect(first).rejects.toMatchObject({
      code: 'GR_ROOM_CONNECT_FAILED',
      message: 'The agent could not connect to the room "lobby" at wss://example: no route',
    });
    const second = connection.connect(all);
    room.succeed();
    await second;
    await settled();
    expect(events.map(({ type }) => type)).toEqual([
      'room.connecting',
      'room.connectFailed',
      'room.connecting',
      'room.connected',
    ]);
  });

  it('is given up by the agent as soon as the session ends, but not by those who leave', async () => {
    const { room, controller, connection } = start();
    const connect = connection.connect(all);
    const reason = new Error('the session ends');
    controller.abort(reason);
    await expect(connect).rejects.toBe(reason);
    let isSettled = false;
    const waiting = connection.settled().then(() => (isSettled = true));
    await settled();
    expect(isSettled).toBe(false);
    room.succeed();
    await waiting;
    await connection.leave();
    expect(room.disconnects).toBe(1);
  });

  it('is not begun once the session ends', async () => {
    const { room, controller, connection } = start();
    const reason = new Error('the session ends');
    controller.abort(reason);
    await expect(connection.connect(all)).rejects.toBe(reason);
    expect(room.connects).toEqual([]);
    await connection.settled();
  });

  it('says so in the next turn, before the SID is known, and once for all connections', async () => {
    const { room, connection, events, joins } = start();
    room.sid = new Promise(() => {});
    const connected = connection.connect(all);
    expect(joins()).toBe(0);
    room.succeed();
    await connected;
    expect(joins()).toBe(0);
    await settled();
    expect(joins()).toBe(1);
    expect(events).toHaveLength(1);
    room.emit('connectionStateChanged', 2);
    room.emit('connectionStateChanged', 1);
    await settled();
    expect(joins()).toBe(1);
  });

  it('tells the SID that comes late, and goes on without one', async () => {
    const { room, connection, events } = start();
    let tellSid: (sid: string) => void = () => {};
    room.sid = new Promise((resolve) => (tellSid = resolve));
    void connection.connect(all);
    room.succeed();
    await settled();
    expect(events).toHaveLength(1);
    tellSid('RM_late');
    await settled();
    expect(events[1]).toMatchObject({ type: 'room.connected', roomSid: 'RM_late' });

    const other = start();
    other.room.sid = Promise.reject(new Error('gone'));
    void other.connection.connect(all);
    other.room.succeed();
    await settled();
    expect(other.events[1]).toMatchObject({ type: 'room.connected', roomSid: '' });
  });

  it('says nothing of a room that was gone before its SID came', async () => {
    const { room, connection, types } = start();
    let tellSid: (sid: string) => void = () => {};
    room.sid = new Promise((resolve) => (tellSid = resolve));
    void connection.connect(all);
    room.succeed();
    room.drop(5);
    tellSid('RM_1');
    await settled();
    expect(types()).toEqual(['room.connecting', 'room.disconnected']);
  });
});

describe('watching', () => {
  it('tells what happens, and only until it is stopped', async () => {
    const { room, connection, events, stop } = start();
    void connection.connect(all);
    room.succeed();
    await settled();
    events.length = 0;
    room.emit('reconnecting');
    room.emit('connectionStateChanged', 2);
    room.emit('connectionStateChanged', 1);
    room.emit('reconnected');
    room.join('caller');
    room.leave('caller');
    room.drop(10);
    expect(events).toEqual([
      { type: 'room.reconnecting' },
      { type: 'room.reconnected' },
      { type: 'room.participantJoined', identity: 'caller', sid: 'PA_caller' },
      { type: 'room.participantLeft', identity: 'caller', sid: 'PA_caller' },
      { type: 'room.disconnected', reason: 'room-closed', detail: 'ROOM_CLOSED' },
    ]);
    stop();
    room.emit('reconnecting');
    expect(events).toHaveLength(5);
    expect(room.listenerCount('reconnecting')).toBe(0);
  });

  it.each([
    ['is here', 'PA_caller', true],
    ['is another one of the same identity', 'PA_other', false],
  ])('knows whether the linked participant %s', async (_what, sid, isLinkedHere) => {
    const { room, connection, events } = start({ identity: 'caller', sid: 'PA_caller' });
    room.join('caller', { sid });
    void connection.connect(all);
    room.succeed();
    await settled();
    expect(events[1]).toMatchObject({ type: 'room.connected', isLinkedHere });
  });

  it('sees a room that the agent connects on its own', async () => {
    const { room, types, joins } = start();
    room.succeed();
    await settled();
    expect(types()).toEqual(['room.connected']);
    expect(joins()).toBe(1);
  });
});

describe('subscribing', () => {
  it.each([
    ['AUDIO_ONLY', 1, 2],
    ['VIDEO_ONLY', 2, 1],
  ] as const)('%s takes tracks of its kind, early and late ones', async (name, wanted, other) => {
    const { room, connection } = start();
    room.join('caller');
    const early = room.publish('caller', wanted);
    const notEarly = room.publish('caller', other);
    const connect = connection.connect({ autoSubscribe: AutoSubscribe[name] });
    room.succeed();
    await connect;
    const late = room.publish('caller', wanted);
    const notLate = room.publish('caller', other);
    expect(room.connects[0]?.options).toMatchObject({ autoSubscribe: false });
    expect([early, notEarly, late, notLate].map(({ subscribed }) => subscribed)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it.each([
    ['SUBSCRIBE_ALL', true],
    ['SUBSCRIBE_NONE', false],
  ] as const)('%s leaves it to the server', async (name, autoSubscribe) => {
    const { room, connection } = start();
    const connect = connection.connect({ autoSubscribe: AutoSubscribe[name] });
    room.succeed();
    await connect;
    room.join('caller');
    expect(room.publish('caller', 1).subscribed).toBe(false);
    expect(room.connects[0]?.options).toMatchObject({ autoSubscribe });
  });
});

describe('leaving', () => {
  it('is nothing to do before the connect and after the disconnect', async () => {
    const { room, connection } = start();
    await connection.leave();
    const connect = connection.connect(all);
    room.succeed();
    await connect;
    room.drop(5);
    await connection.leave();
    expect(room.disconnects).toBe(0);
  });
});
