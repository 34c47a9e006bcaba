import { describe, expect, it } from 'vitest';
import { watchRoom, type RoomSessionEvent } from '../../src/child/room-events.ts';
import { FakeRoom } from './fake-room.ts';
import { turn } from './machine-session.ts';

function start() {
  const room = new FakeRoom();
  const events: RoomSessionEvent[] = [];
  const stop = watchRoom(room.asRoom(), (event) => void events.push(event));
  return { room, events, stop, types: () => events.map(({ type }) => type) };
}

async function connected() {
  const watched = start();
  void watched.room.connect('ws://localhost', 't', {});
  watched.room.succeed();
  await turn();
  watched.events.splice(0);
  return watched;
}

const connect = { type: 'room.connected', identity: 'agent-AJ_1' };

describe('the connect of the room', () => {
  it('is followed by everyone who is there, in order', async () => {
    const { room, events } = start();
    const alice = room.join('alice');
    const done = room.connect('ws://localhost', 't', {});
    room.succeed();
    const bob = room.join('bob');
    room.leave('alice');
    await done;
    expect(events).toEqual([]);
    await turn();
    expect(events).toEqual([
      connect,
      {
        type: 'room.participantConnected',
        identity: 'alice',
        sid: 'PA_alice',
        participant: alice,
      },
      { type: 'room.participantConnected', identity: 'bob', sid: 'PA_bob', participant: bob },
      {
        type: 'room.participantDisconnected',
        identity: 'alice',
        sid: 'PA_alice',
        participant: alice,
      },
    ]);
  });

  it('comes after whoever awaits it has gone on', async () => {
    const { room, events } = start();
    const order: string[] = [];
    const waiting = (async () => {
      await (async () => room.connect('ws://localhost', 't', {}))();
      order.push(`connect() is over, ${events.length} events`);
    })();
    room.succeed();
    await waiting;
    await turn();
    expect(order).toEqual(['connect() is over, 0 events']);
    expect(events).toEqual([connect]);
  });

  it('is told once, though the state of a renewed connection is the same', async () => {
    const { room, types } = await connected();
    room.emit('reconnecting');
    room.emit('connectionStateChanged', 1);
    room.emit('reconnected');
    await turn();
    expect(types()).toEqual(['room.reconnecting', 'room.reconnected']);
  });
});

describe('a room that is connected', () => {
  it('tells of who comes and goes', async () => {
    const { room, events } = await connected();
    const participant = room.join('alice');
    room.leave('alice');
    const alice = { identity: 'alice', sid: 'PA_alice', participant };
    expect(events).toEqual([
      { type: 'room.participantConnected', ...alice },
      { type: 'room.participantDisconnected', ...alice },
    ]);
  });

  it('tells of attributes and metadata', async () => {
    const { room, events } = await connected();
    const participant = room.join('alice', { sid: '' });
    events.splice(0);
    room.emit('participantAttributesChanged', { mood: 'good' }, participant);
    room.emit('participantMetadataChanged', 'new', participant);
    room.emit('participantMetadataChanged', undefined, participant);
    room.emit('roomMetadataChanged', 'of the room');
    const alice = { identity: 'alice', sid: '', participant };
    expect(events).toEqual([
      { type: 'room.participantAttributesChanged', attributes: { mood: 'good' }, ...alice },
      { type: 'room.participantMetadataChanged', metadata: 'new', ...alice },
      { type: 'room.participantMetadataChanged', metadata: '', ...alice },
      { type: 'room.metadataChanged', metadata: 'of the room' },
    ]);
  });

  it('tells of data, also of data from nobody', async () => {
    const { room, events } = await connected();
    const participant = room.join('alice');
    events.splice(0);
    const payload = new Uint8Array([1, 2]);
    room.emit('dataReceived', payload, participant, 1, 'chat');
    room.emit('dataReceived', payload, undefined, 1, undefined);
    expect(events).toEqual([
      { type: 'room.dataReceived', payload, topic: 'chat', identity: 'alice', participant },
      { type: 'room.dataReceived', payload, topic: '', identity: '', participant: undefined },
    ]);
  });

  it('tells why it disconnected', async () => {
    const { room, events } = await connected();
    room.drop(5);
    expect(events).toEqual([
      { type: 'room.disconnected', reason: 'room-deleted', detail: 'ROOM_DELETED' },
    ]);
  });

  it('is heard until the end', async () => {
    const { room, events, stop } = await connected();
    stop();
    room.join('alice');
    room.drop(5);
    expect(events).toEqual([]);
    expect(room.eventNames()).toEqual([]);
  });

  it('is not heard after the end, though it connected just before', async () => {
    const { room, events, stop } = start();
    void room.connect('ws://localhost', 't', {});
    room.succeed();
    stop();
    await turn();
    expect(events).toEqual([]);
    expect(room.eventNames()).toEqual([]);
  });
});
