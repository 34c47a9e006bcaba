import { ParticipantKind } from '@livekit/rtc-node';
import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { ParticipantEntrypoints } from '../../src/child/participant-entrypoints.ts';
import {
  waitForParticipant,
  type WaitForParticipantOptions,
} from '../../src/child/wait-for-participant.ts';
import { FakeRoom } from './fake-room.ts';

const agentKind = ParticipantKind.AGENT;
const settled = () => new Promise((resolve) => setImmediate(resolve));

function connectedRoom() {
  const room = new FakeRoom();
  room.succeed();
  return room;
}

describe('waiting for a participant', () => {
  const session = new AbortController();
  const wait = (room: FakeRoom, options: WaitForParticipantOptions = {}) =>
    waitForParticipant(room.asRoom(), options, session.signal);

  it('gives one who is here', async () => {
    const room = connectedRoom();
    room.join('bot', { kind: agentKind });
    const caller = room.join('caller');
    expect(await wait(room)).toBe(caller);
  });

  it('waits for the one that is wanted', async () => {
    const room = connectedRoom();
    const waiting = wait(room, { identity: 'second' });
    room.join('first');
    const second = room.join('second');
    expect(await waiting).toBe(second);
    expect(room.listenerCount('participantConnected')).toBe(0);
    expect(room.listenerCount('disconnected')).toBe(0);
  });

  it('finds kinds that are asked for', async () => {
    const room = connectedRoom();
    const bot = room.join('bot', { kind: agentKind });
    const phone = room.join('phone', { kind: ParticipantKind.SIP });
    expect(await wait(room, { kind: agentKind })).toBe(bot);
    expect(await wait(room, { kind: [ParticipantKind.SIP] })).toBe(phone);
  });

  it('needs a connected room', async () => {
    await expect(wait(new FakeRoom())).rejects.toMatchObject({ code: 'GR_ROOM_NOT_CONNECTED' });
  });

  it('ends when the time is over', async () => {
    vi.useFakeTimers();
    try {
      const waiting = wait(connectedRoom(), { identity: 'caller', timeoutMs: 500 });
      const refused = expect(waiting).rejects.toMatchObject({
        code: 'GR_PARTICIPANT_WAIT',
        message: 'Waited for the participant "caller": none came within 500 ms.',
      });
      await vi.advanceTimersByTimeAsync(500);
      await refused;
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends when the room disconnects', async () => {
    const room = connectedRoom();
    const waiting = wait(room);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'GR_PARTICIPANT_WAIT' });
    await settled();
    room.drop(10);
    await refused;
  });

  it('ends with the reason of the signal, also of one that was aborted before', async () => {
    const controller = new AbortController();
    const waiting = wait(connectedRoom(), { signal: controller.signal });
    const refused = expect(waiting).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await refused;
    await expect(wait(connectedRoom(), { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('ends with the session', async () => {
    const ending = new AbortController();
    const waiting = waitForParticipant(connectedRoom().asRoom(), {}, ending.signal);
    const refused = expect(waiting).rejects.toThrow('session ends');
    ending.abort(new Error('session ends'));
    await refused;
  });
});

describe('participant entrypoints', () => {
  function start(room = new FakeRoom()) {
    const lines: string[] = [];
    const logger = createLogger({ pretty: false }, { write: (line) => void lines.push(line) });
    return { room, lines, entrypoints: new ParticipantEntrypoints(room.asRoom(), logger) };
  }

  it('run once for those who are here and those who come', async () => {
    const { room, entrypoints } = start();
    const seen: string[] = [];
    entrypoints.add('key', ({ identity }) => void seen.push(identity), undefined);
    room.join('early');
    room.succeed();
    room.join('late');
    await settled();
    entrypoints.add('other', ({ identity }) => void seen.push(`other ${identity}`), undefined);
    await settled();
    expect(seen).toEqual(['early', 'late', 'other early', 'other late']);
  });

  it('run again for one who comes back, not for our own renewed connection', async () => {
    const { room, entrypoints } = start(connectedRoom());
    const seen: string[] = [];
    entrypoints.add('key', ({ sid }) => void seen.push(sid ?? ''), undefined);
    room.join('caller', { sid: 'PA_1' });
    room.leave('caller');
    room.join('caller', { sid: 'PA_1' });
    room.emit('connectionStateChanged', 1);
    room.leave('caller');
    room.join('caller', { sid: 'PA_2' });
    await settled();
    expect(seen).toEqual(['PA_1', 'PA_2']);
  });

  it('do not run for agents unless they are asked for', async () => {
    const { room, entrypoints } = start(connectedRoom());
    const seen: string[] = [];
    entrypoints.add('people', ({ identity }) => void seen.push(`person ${identity}`), undefined);
    entrypoints.add('agents', ({ identity }) => void seen.push(`agent ${identity}`), agentKind);
    room.join('caller');
    room.join('bot', { kind: agentKind });
    await settled();
    expect(seen).toEqual(['person caller', 'agent bot']);
  });

  it('are added once', () => {
    const { entrypoints } = start();
    const run = () => {};
    entrypoints.add(run, run, undefined);
    expect(() => entrypoints.add(run, run, undefined)).toThrow(
      expect.objectContaining({ code: 'GR_FUNCTION_EXISTS', name: 'FunctionExistsError' }),
    );
  });

  it('log what they throw, and others run', async () => {
    const { room, lines, entrypoints } = start(connectedRoom());
    const seen: string[] = [];
    const broken = () => {
      throw new Error('broken');
    };
    entrypoints.add('broken', broken, undefined);
    entrypoints.add('late', () => Promise.reject(new Error('late')), undefined);
    entrypoints.add('good', ({ identity }) => void seen.push(identity), undefined);
    room.join('caller');
    await settled();
    expect(seen).toEqual(['caller']);
    expect(lines.map((line) => (JSON.parse(line) as { err: Error }).err.message)).toEqual([
      'broken',
      'late',
    ]);
  });
});
