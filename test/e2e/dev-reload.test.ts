/** A call that goes on while the agent's author saves the file: with a real server and a real caller. */
import { randomUUID } from 'node:crypto';
import { AgentDispatchClient } from 'livekit-server-sdk';
import { afterEach, expect, inject, it } from 'vitest';
import { agentSource, Project } from '../cli/project.ts';
import { joinRoom, type Participant } from '../support/participants.ts';

const server = inject('liveKit');
const dispatches = new AgentDispatchClient(server.url, server.apiKey, server.apiSecret);
const callers: Participant[] = [];
let project: Project;

afterEach(async () => {
  await Promise.all(callers.splice(0).map((caller) => caller.leave()));
  expect(await project.left()).toBe('');
});

/** Answers every message with the version of the file it was loaded from. */
const answers = (agentName: string, version: string) =>
  agentSource(
    `{ entry: async (ctx) => {
  await ctx.connect();
  ctx.room.on('dataReceived', () => ctx.agent.publishData(new TextEncoder().encode('${version}'), { reliable: true, topic: 'answer' }));
  await ctx.agent.setAttributes({ ready: 'yes' });
} }`,
    `{ agentName: '${agentName}' }`,
  );

async function call(agentName: string, room: string): Promise<Participant> {
  const caller = await joinRoom(server, { room, identity: 'caller' });
  callers.push(caller);
  await dispatches.createDispatch(room, agentName);
  await caller.waitForParticipant();
  return caller;
}

async function ask(caller: Participant): Promise<string> {
  const from = caller.messages.items.length;
  await caller.send('question', 'which version?');
  return (await caller.waitForMessage('answer', { from })).text;
}

it('dev: a running call stays with the old code, the next one gets the new code', async () => {
  const name = `agent-${randomUUID()}`;
  project = new Project({ 'agent.js': answers(name, 'one') });
  const program = project.worker({ server, args: ['dev', '--log-format', 'json'] });
  await program.waitForLog('dev.serving', (line) => line['event'] === 'dev.serving');
  const first = await call(name, `room-${randomUUID()}`);
  expect(await ask(first)).toBe('one');

  project.write('agent.js', answers(name, 'two'));
  await program.waitForLog('The reload', (line) => line['isReload'] === true);

  const second = await call(name, `room-${randomUUID()}`);
  expect(await ask(second)).toBe('two');
  expect(await ask(first)).toBe('one');

  await first.leave();
  await program.waitForEvent('worker.closed', ({ outcome }) => outcome === 'drained');
  expect(await ask(second)).toBe('two');
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
});

it('connect: the agent comes into the room that was named', async () => {
  const room = `room-${randomUUID()}`;
  project = new Project({ 'agent.js': answers(`agent-${randomUUID()}`, 'one') });
  const caller = await joinRoom(server, { room, identity: 'caller' });
  callers.push(caller);
  const program = project.worker({ server, args: ['connect', '--room', room] });
  await caller.waitForParticipant();
  expect(await ask(caller)).toBe('one');
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
});
