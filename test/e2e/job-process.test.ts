/** A job process in a room of a real server; the test plays the worker. */
import { randomUUID } from 'node:crypto';
import { DisconnectReason } from '@livekit/rtc-node';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { LaunchOrder } from '../../machines/messages.ts';
import { agent, JobProcessOnFork, order } from '../child/forked-job-process.ts';
import { joinRoom, type Participant } from '../support/participants.ts';

const server = inject('liveKit');
const rooms = new RoomServiceClient(server.url, server.apiKey, server.apiSecret);
const callers: Participant[] = [];

afterEach(async () => {
  await Promise.all(callers.splice(0).map((caller) => caller.leave()));
});

/** Connects and stays; everything it hears goes to its output. */
const staying = `{ entry: async (ctx) => {
  ctx.room.on('participantConnected', (p) => console.log('joined', p.identity));
  ctx.room.on('participantDisconnected', (p) => console.log('left', p.identity));
  ctx.room.on('reconnecting', () => console.log('reconnecting'));
  ctx.room.on('reconnected', () => console.log('reconnected'));
  ctx.addShutdownCallback(() => console.log('connected at the callbacks:', ctx.room.isConnected));
  ctx.room.on('dataReceived', async (payload) => {
    const [command, argument] = new TextDecoder().decode(payload).split(' ');
    if (command === 'reconnect') await ctx.room.simulateScenario(Number(argument));
    if (command === 'shutdown') getJobContext().shutdown('asked');
    if (command === 'end') getJobContext().endSession('asked');
    if (command === 'leave') await ctx.room.disconnect();
  });
  await ctx.connect();
  // The server tells of an agent without tracks every 3 s only; an attribute is told at once.
  await ctx.agent.setAttributes({ ready: 'yes' });
} }`;

async function join(room: string, identity: string): Promise<Participant> {
  const caller = await joinRoom(server, { room, identity });
  callers.push(caller);
  return caller;
}

async function orderFor(room: string, change: Partial<LaunchOrder['job']> = {}) {
  const { sid } = await rooms.createRoom({ name: room });
  const identity = 'agent-AJ_test';
  const token = new AccessToken(server.apiKey, server.apiSecret, { identity, ttl: 600 });
  token.addGrant({ roomJoin: true, room, agent: true, canUpdateOwnMetadata: true });
  token.kind = 'agent';
  const job = { ...order.job, room: { sid, name: room }, ...change };
  return { ...order, job, url: server.url, token: await token.toJwt() };
}

/** A caller, and an agent that has joined the caller's room. */
async function call(change: Partial<LaunchOrder['job']> = {}) {
  const room = `room-${randomUUID()}`;
  const launch = await orderFor(room, change);
  const caller = await join(room, 'caller');
  const child = await JobProcessOnFork.warm(agent(staying), { entryGraceMs: 500 });
  child.send({ type: 'launch', order: launch, credentials: null });
  await child.next('session.connected');
  await caller.waitForParticipant('agent-AJ_test');
  return { room, caller, child, launch };
}

describe('a session in a real room', () => {
  it('ends as room-deleted when the room is deleted, with the JobTermination before it', async () => {
    const { room, child } = await call();
    child.send({ type: 'terminate' });
    await rooms.deleteRoom(room);
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'room-deleted' });
    expect(exit).toEqual({ code: 0, signal: null });
    expect(child.types()).toEqual([
      'warm',
      'session.started',
      'session.connecting',
      'session.connected',
      'session.closing',
      'session.outcome',
    ]);
  });

  it('reports its outcome before it leaves, and leaves before the callbacks', async () => {
    const { caller, child } = await call();
    await caller.send('command', 'shutdown');
    await child.next('session.outcome');
    expect(caller.room.remoteParticipants.size).toBe(1);
    child.send({ type: 'outcomeReported' });
    await caller.waitForLeave('agent-AJ_test');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output).toContain('connected at the callbacks: false');
    expect(child.output).not.toContain('lk-rtc');
  });

  it('ends for everyone through the worker when the agent ends it so', async () => {
    const { room, caller, child } = await call();
    await caller.send('command', 'end');
    await child.next('session.outcome');
    child.send({ type: 'outcomeReported' });
    const { id } = await child.next('session.deleteRoom');
    await rooms.deleteRoom(room);
    child.send({ type: 'roomDeleted', id, failure: null });
    expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.types()).not.toContain('session.warning');
  });

  it('ends for everyone with the credentials of the worker', async () => {
    const room = `room-${randomUUID()}`;
    const launch = await orderFor(room);
    const caller = await join(room, 'caller');
    const child = await JobProcessOnFork.warm(agent(staying));
    const { apiKey, apiSecret } = server;
    child.send({ type: 'launch', order: launch, credentials: { apiKey, apiSecret } });
    await child.next('session.connected');
    await caller.waitForParticipant('agent-AJ_test');
    await caller.send('command', 'end');
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ reason: 'session-ended', detail: 'asked' });
    expect(exit.code).toBe(0);
    expect(await caller.waitForDisconnect()).toBe(DisconnectReason.ROOM_DELETED);
  });

  it.each([
    ['leaves the room by itself', 'agent-ended', 0],
    ['is removed', 'participant-removed', 0],
    ['is replaced by another of its identity', 'duplicate-identity', 1],
  ])('ends when the agent %s', async (how, reason, code) => {
    const { room, caller, child } = await call();
    if (reason === 'agent-ended') await caller.send('command', 'leave');
    if (reason === 'participant-removed') await rooms.removeParticipant(room, 'agent-AJ_test');
    if (reason === 'duplicate-identity') await join(room, 'agent-AJ_test');
    const { outcome, exit } = await child.finish();
    expect([how, outcome.reason]).toEqual([how, reason]);
    expect(exit.code).toBe(code);
  });

  it('is left at once when another room has the name of the one it was made for', async () => {
    const room = `room-${randomUUID()}`;
    const launch = await orderFor(room);
    await rooms.deleteRoom(room);
    await join(room, 'caller');
    const child = await JobProcessOnFork.warm(agent(staying));
    child.send({ type: 'launch', order: launch, credentials: null });
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'wrong-room' });
    expect(exit.code).toBe(0);
    const left = await rooms.listParticipants(room);
    expect(left.map(({ identity }) => identity)).toEqual(['caller']);
  });

  it('that is closed while it connects leaves no ghost behind', async () => {
    const room = `room-${randomUUID()}`;
    const launch = await orderFor(room);
    await join(room, 'caller');
    const child = await JobProcessOnFork.warm(agent(staying));
    child.send({ type: 'launch', order: launch, credentials: null });
    await child.next('session.connecting');
    child.send({ type: 'close', reason: 'worker-closing', detail: '' });
    const { outcome, exit } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'failed', reason: 'worker-closing' });
    expect(exit.code).toBe(1);
    const left = await rooms.listParticipants(room);
    expect(left.map(({ identity }) => identity)).toEqual(['caller']);
  });

  it('leaves the room as an orphan', async () => {
    const { caller, child } = await call();
    child.child.disconnect();
    await caller.waitForLeave('agent-AJ_test');
    expect(await child.exited).toEqual({ code: 1, signal: null });
  });
});

describe('the job context in a real room', () => {
  it('finds the participants who are there and those who come', async () => {
    const room = `room-${randomUUID()}`;
    const launch = await orderFor(room);
    await join(room, 'early');
    const path = agent(`{ entry: async (ctx) => {
      ctx.addParticipantEntrypoint(async (same, { identity }) => console.log('met', identity, same === ctx));
      await Promise.all([ctx.connect(), ctx.connect()]);
      const first = await ctx.waitForParticipant();
      console.log('first', first.identity, 'me', ctx.agent.identity, ctx.room.name === ctx.job.room.name);
      ctx.room.on('participantConnected', () => console.log('event', getJobContext() === ctx));
      console.log('waiting');
      const late = await ctx.waitForParticipant({ identity: 'late', timeoutMs: 8_000 });
      console.log('late', late.identity);
      await ctx.waitForParticipant({ identity: 'nobody', timeoutMs: 50 }).catch((e) => console.log(e.code));
      ctx.shutdown();
    } }`);
    const child = await JobProcessOnFork.warm(path);
    child.send({ type: 'launch', order: launch, credentials: null });
    await child.next('session.connected');
    await join(room, 'late');
    const { outcome } = await child.finish();
    expect(outcome).toMatchObject({ outcome: 'succeeded', reason: 'agent-ended' });
    const lines = child.output.split('\n');
    for (const line of [
      'met early true',
      'met late true',
      'first early me agent-AJ_test true',
      'event true',
      'late late',
      'GR_PARTICIPANT_WAIT',
    ]) {
      expect(lines.filter((text) => text === line)).toEqual([line]);
    }
  });
});

describe('the linked participant', () => {
  const participant = { identity: 'caller', sid: '' };

  it('takes the session along', async () => {
    const { room, caller, child } = await call({ participant });
    await join(room, 'other');
    await caller.leave();
    const { outcome } = await child.finish();
    expect(outcome).toMatchObject({ reason: 'participant-left', detail: 'caller' });
  });

  it.each([
    ['resumed', 0],
    ['made anew', 7],
  ])(
    'does not when only our own connection is %s, nor does the JobTermination that comes of it',
    async (_how, scenario) => {
      const { caller, child } = await call({ participant });
      await caller.send('command', `reconnect ${scenario}`);
      await child.next('session.reconnecting');
      child.send({ type: 'terminate' });
      await child.next('session.reconnected');
      // Longer than the wait for a participant and for a reason together.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(child.types()).not.toContain('session.closing');
      await caller.send('command', 'shutdown');
      expect((await child.finish()).outcome).toMatchObject({ reason: 'agent-ended' });
    },
  );
});
