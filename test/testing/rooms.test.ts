/** What an agent's `ctx.room` shows when it is simulated, and how it ends. */
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/child/agent-definition.ts';
import {
  type AgentInLobby,
  agentInLobby,
  endAfterEach,
  listen,
  settled,
  startWorker,
} from './agent-in-lobby.ts';

endAfterEach();

describe('the room of an agent', () => {
  it('knows itself, the agent and who is there', async () => {
    const { test, ctx, job } = await agentInLobby();
    const { room, agent } = ctx;
    const alice = await test.join('lobby', {
      identity: 'alice',
      name: 'Alice',
      metadata: 'm',
      attributes: { language: 'en' },
      kind: 3,
    });
    await settled();
    expect({ name: room.name, isConnected: room.isConnected, sid: await room.getSid() }).toEqual({
      name: 'lobby',
      isConnected: true,
      sid: test.server.room('lobby')?.sid,
    });
    expect(agent?.identity).toBe((await job.connected()).identity);
    expect(agent?.kind).toBe(4);
    expect(agent?.attributes).toMatchObject({ 'lk.agent_name': 'test-agent' });
    const seen = room.remoteParticipants.get('alice');
    expect({
      sid: seen?.sid,
      name: seen?.name,
      metadata: seen?.metadata,
      attributes: seen?.attributes,
      kind: seen?.kind,
    }).toEqual({
      sid: alice.sid,
      name: 'Alice',
      metadata: 'm',
      attributes: { language: 'en' },
      kind: 3,
    });
    expect(room.numParticipants).toBe(1);
    expect(room.departureTimeout).toBe(0);
    expect(room.emptyTimeout).toBe(300);
    expect(Math.abs(room.creationTime.getTime() - Date.now())).toBeLessThan(10_000);
  });

  it('has those who were there before the agent', async () => {
    const identities: string[] = [];
    const test = await startWorker(
      defineAgent({
        entry: async (ctx) => {
          await ctx.connect();
          identities.push(...ctx.room.remoteParticipants.keys());
        },
      }),
    );
    await test.join('lobby', 'alice');
    await test.join('lobby', { identity: 'ghost', permissions: { hidden: true } });
    await test.dispatch('lobby').connected();
    await settled();
    expect(identities).toEqual(['alice']);
  });

  it('tells of coming, going and changing', async () => {
    const { test, told } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    alice.setName('Alice');
    alice.setMetadata('vip');
    alice.setAttributes({ mood: 'good', gone: 'x' });
    alice.setAttributes({ gone: '' });
    test.server.room('lobby')?.setMetadata('quiet');
    alice.leave();
    await settled();
    expect(told).toEqual([
      ['connectionStateChanged', 1],
      ['participantConnected', 'alice'],
      ['participantNameChanged', 'Alice', 'alice'],
      ['participantMetadataChanged', 'vip', 'alice'],
      ['participantAttributesChanged', { mood: 'good', gone: 'x' }, 'alice'],
      ['participantAttributesChanged', { gone: '' }, 'alice'],
      ['roomMetadataChanged', 'quiet'],
      ['participantDisconnected', 'alice'],
    ]);
  });

  it('shows others what the agent says of itself', async () => {
    const { test, ctx } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    const told: unknown[][] = [];
    listen(alice.room, told);
    await ctx.agent?.updateName('Agent');
    await ctx.agent?.updateMetadata('busy');
    await ctx.agent?.setAttributes({ mood: 'helpful' });
    await settled();
    const { identity } = ctx.agent!;
    expect(told).toEqual([
      ['participantNameChanged', 'Agent', identity],
      ['participantMetadataChanged', 'busy', identity],
      ['participantAttributesChanged', { mood: 'helpful' }, identity],
    ]);
    expect(ctx.agent?.name).toBe('Agent');
    expect(ctx.agent?.metadata).toBe('busy');
    expect(ctx.agent?.attributes).toMatchObject({ mood: 'helpful' });
  });

  it('knows of tracks, without anything to hear', async () => {
    const { test, told } = await agentInLobby();
    const alice = test.server.join('lobby', 'alice');
    const { sid } = alice.publish({ name: 'microphone' });
    alice.unpublish(sid);
    await settled();
    expect(told.slice(2)).toEqual([
      ['trackPublished', 'microphone', 'alice'],
      ['trackUnpublished', 'microphone', 'alice'],
    ]);
  });
});

describe('the end', () => {
  it.each([
    ['room-deleted', 'ROOM_DELETED', ({ test }: AgentInLobby) => test.deleteRoom('lobby')],
    [
      'participant-removed',
      'PARTICIPANT_REMOVED',
      ({ test, ctx }: AgentInLobby) => test.removeParticipant('lobby', ctx.agent!.identity),
    ],
    [
      'duplicate-identity',
      'DUPLICATE_IDENTITY',
      ({ test, ctx }: AgentInLobby) =>
        test.server.join('lobby', { identity: ctx.agent!.identity, kind: 4 }),
    ],
  ])('%s', async (reason, detail, act) => {
    const lobby = await agentInLobby();
    const { ctx, job, told } = lobby;
    act(lobby);
    expect(await job.outcome()).toMatchObject({ reason, detail });
    expect(told.at(-1)?.[0]).toBe('disconnected');
    expect(ctx.room.isConnected).toBe(false);
    await expect(ctx.agent!.publishData(new Uint8Array(), {})).rejects.toMatchObject({
      code: 'GR_ROOM_NOT_CONNECTED',
    });
  });

  it('by the agent itself leaves the room to the others', async () => {
    const { test, ctx, job } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    ctx.shutdown('enough');
    expect(await job.outcome()).toEqual({
      end: 'succeeded',
      reason: 'agent-ended',
      detail: 'enough',
      failure: null,
    });
    await settled();
    expect(alice.disconnectReason).toBeNull();
    expect([...alice.room.remoteParticipants.keys()]).toEqual([]);
  });

  it('for everyone deletes the room', async () => {
    const { test, ctx, job } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    ctx.endSession();
    expect(await job.outcome()).toMatchObject({ end: 'succeeded', reason: 'session-ended' });
    expect(alice.disconnectReason).toBe(5);
  });

  it('is not an interruption, of which the agent and the worker are told', async () => {
    const { test, ctx, job, told } = await agentInLobby();
    const mend = test.interrupt('lobby', ctx.agent!.identity);
    await job.waitFor('job.reconnecting');
    mend();
    await settled();
    expect(told.slice(1)).toEqual([
      ['connectionStateChanged', 2],
      ['reconnecting'],
      ['connectionStateChanged', 1],
      ['reconnected'],
    ]);
    expect(() => test.interrupt('lobby', 'nobody')).toThrow('"nobody" is not in the room "lobby"');
  });
});

describe('media', () => {
  it.each(['publishTrack', 'unpublishTrack', 'publishTranscription', 'sendFile'] as const)(
    '%s() is refused in so many words',
    async (name) => {
      const { ctx } = await agentInLobby();
      const call = ctx.agent![name] as () => Promise<unknown>;
      await expect(call()).rejects.toMatchObject({
        code: 'GR_NO_MEDIA',
        message: expect.stringMatching(
          new RegExp(`^LocalParticipant\\.${name}\\(\\) needs media, and this room is simulated`),
        ),
      });
    },
  );

  it('statistics and scenarios are refused as well', async () => {
    const { ctx } = await agentInLobby();
    await expect(ctx.room.getRtcStats()).rejects.toMatchObject({ code: 'GR_NO_MEDIA' });
    await expect(ctx.room.simulateScenario(0)).rejects.toMatchObject({ code: 'GR_NO_MEDIA' });
  });
});

it('a token that is not good lets nobody in', async () => {
  const test = await startWorker(defineAgent({ entry: async () => {} }));
  const { Room } = await import('../../src/testing/rooms/rtc.ts');
  await expect(new Room().connect(test.server.url, 'nonsense')).rejects.toThrow();
  await expect(new Room().connect('ws://127.0.0.1:1', 'nonsense')).rejects.toThrow('ECONNREFUSED');
});
