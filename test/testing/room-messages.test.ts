/** Data, streams and calls in a simulated room. */
import { describe, expect, it } from 'vitest';
import { makeGate } from '../support/gate.ts';
import { agentInLobby, endAfterEach, settled } from './agent-in-lobby.ts';

endAfterEach();

describe('data', () => {
  it('goes both ways, by topic and to those it is for', async () => {
    const { test, ctx } = await agentInLobby();
    const heard: unknown[] = [];
    ctx.room.on('dataReceived', (payload, from, kind, topic) => {
      heard.push([new TextDecoder().decode(payload), from?.identity, kind, topic]);
    });
    const alice = await test.join('lobby', 'alice');
    const bob = await test.join('lobby', 'bob');
    alice.sendData('to all', { topic: 'chat' });
    alice.sendData(new Uint8Array([226, 130, 172]), { topic: 'chat', to: [ctx.agent!.identity] });
    test.server.room('lobby')?.deliverData('from the server', { topic: 'api', isReliable: false });
    await settled();
    expect(heard).toEqual([
      ['to all', 'alice', 1, 'chat'],
      ['€', 'alice', 1, 'chat'],
      ['from the server', undefined, 0, 'api'],
    ]);
    const bytes = new TextEncoder().encode('only bob');
    await ctx.agent?.publishData(bytes, { reliable: true, destination_identities: ['bob'] });
    await settled();
    expect(bob.received.map(({ text }) => text)).toEqual(['to all', 'from the server', 'only bob']);
    expect(alice.received.map(({ text }) => text)).toEqual(['from the server']);
    expect(await bob.waitForData({ from: 'alice' })).toMatchObject({ topic: 'chat' });
    expect((await bob.waitForData()).from).toBeNull();
  });

  it('that does not come is an error that tells what did', async () => {
    const { test } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    test.server.room('lobby')?.deliverData('something', { topic: 'other' });
    await expect(alice.waitForData({ topic: 'answer', timeoutMs: 20 })).rejects.toMatchObject({
      code: 'GR_TEST_TIMEOUT',
      message: expect.stringMatching(
        /^"alice" waited 20 ms for data on the topic "answer"\. It is in the room "lobby" with agent-AJ_\w+\. Heard so far: other: something\.$/,
      ),
    });
  });

  it('comes as chat and as DTMF, too', async () => {
    const { test, ctx, told } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    const sent = await alice.room.localParticipant!.sendChatMessage('hello');
    await alice.room.localParticipant!.editChatMessage('hello!', sent);
    await alice.room.localParticipant!.publishDtmf(5, '5');
    await settled();
    expect(told.slice(2)).toEqual([
      ['chatMessage', { id: sent.id, timestamp: sent.timestamp, message: 'hello' }, 'alice'],
      ['chatMessage', expect.objectContaining({ id: sent.id, message: 'hello!' }), 'alice'],
      ['dtmfReceived', 5, '5', 'alice'],
    ]);
    expect(ctx.room.isConnected).toBe(true);
  });
});

describe('streams', () => {
  it('of text go both ways', async () => {
    const { test, ctx } = await agentInLobby();
    let resolve!: (read: unknown) => void;
    const read = new Promise<unknown>((settle) => (resolve = settle));
    ctx.room.registerTextStreamHandler('question', (reader, { identity }) => {
      void reader.readAll().then((text) => resolve([text, identity, reader.info.topic]));
    });
    expect(() => ctx.room.registerTextStreamHandler('question', () => {})).toThrow(
      'A text stream handler for topic "question" has already been set.',
    );
    const alice = await test.join('lobby', 'alice');
    await alice.sendText('nobody listens', { topic: 'other' });
    await alice.sendText('What is a green room?', { topic: 'question' });
    expect(await read).toEqual(['What is a green room?', 'alice', 'question']);

    const chunks: string[] = [];
    const ended = makeGate();
    alice.room.registerTextStreamHandler('answer', (reader) => {
      void (async () => {
        for await (const chunk of reader) chunks.push(chunk);
        ended.open();
      })();
    });
    const writer = await ctx.agent!.streamText({ topic: 'answer', attributes: { a: 'b' } });
    await writer.write('A room ');
    await writer.write('for waiting.');
    await writer.close();
    await ended.opened;
    expect(chunks).toEqual(['A room ', 'for waiting.']);
  });

  it('of bytes go, too, and end with an error when the sender leaves', async () => {
    const { test, ctx } = await agentInLobby();
    const readers: Promise<Uint8Array[]>[] = [];
    ctx.room.registerByteStreamHandler('file', (reader) => void readers.push(reader.readAll()));
    const alice = await test.join('lobby', 'alice');
    const whole = await alice.room.localParticipant!.streamBytes({ topic: 'file', name: 'a' });
    await whole.write(new Uint8Array([1, 2, 3]));
    await whole.close();
    const half = await alice.room.localParticipant!.streamBytes({ topic: 'file', name: 'b' });
    await half.write(new Uint8Array([4]));
    await settled();
    expect(await readers[0]).toEqual([new Uint8Array([1, 2, 3])]);
    alice.leave();
    await expect(readers[1]).rejects.toThrow('Disconnected while receiving');
  });
});

describe('remote procedure calls', () => {
  it('go both ways', async () => {
    const { test, ctx } = await agentInLobby();
    ctx.agent?.registerRpcMethod('greet', async ({ payload, callerIdentity, method }) => {
      return `${method} ${payload} from ${callerIdentity}`;
    });
    const alice = await test.join('lobby', 'alice');
    expect(await alice.performRpc('greet', 'hello')).toBe('greet hello from alice');
    const late = alice.performRpc('late', '');
    await settled();
    ctx.agent?.registerRpcMethod('late', async () => 'here');
    expect(await late).toBe('here');
    await expect(alice.performRpc('never', '', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 1400,
    });

    alice.registerRpcMethod('double', async ({ payload }) => `${payload}${payload}`);
    const answer = ctx.agent!.performRpc({
      destinationIdentity: 'alice',
      method: 'double',
      payload: 'ho',
    });
    expect(await answer).toBe('hoho');
  });

  it('fail with the numbers of LiveKit', async () => {
    const { test, ctx } = await agentInLobby();
    const alice = await test.join('lobby', 'alice');
    const call = (method: string, destinationIdentity = 'alice') =>
      ctx.agent!.performRpc({ destinationIdentity, method, payload: '', responseTimeout: 20 });
    alice.registerRpcMethod('breaks', async () => {
      throw new Error('secret');
    });
    alice.registerRpcMethod('refuses', async () => {
      throw Object.assign(new Error('not you'), { code: 101, data: 'why' });
    });
    alice.registerRpcMethod('never', () => new Promise(() => {}));
    test.server.join('lobby', 'unplayed');
    await settled();
    await expect(call('unknown')).rejects.toMatchObject({ code: 1400 });
    await expect(call('any', 'nobody')).rejects.toMatchObject({ code: 1401 });
    await expect(call('any', 'unplayed')).rejects.toMatchObject({ code: 1400 });
    await expect(call('breaks')).rejects.toMatchObject({
      name: 'RpcError',
      code: 1500,
      message: 'Application error in method handler',
    });
    await expect(call('refuses')).rejects.toMatchObject({
      code: 101,
      message: 'not you',
      data: 'why',
    });
    await expect(call('never')).rejects.toMatchObject({ code: 1502 });
    const cut = call('never');
    alice.leave();
    await expect(cut).rejects.toMatchObject({ code: 1503 });
  });
});
