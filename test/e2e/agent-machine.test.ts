/** Sessions that are machines, in job processes of their own and in real rooms. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, inject, test } from 'vitest';
import { newRoom, Stage } from '../support/stage.ts';
import { startWorkerProgram, type LogLine, type WorkerProgram } from '../support/worker-program.ts';

const stage = new Stage(inject('liveKit'));
const example = fileURLToPath(
  new URL('../../docs/examples/call-machine/agent.ts', import.meta.url),
);

afterEach(() => stage.clear());

/** What the machine was told, in order, without what is the same everywhere. */
const toldIn = ({ log }: WorkerProgram): Record<string, unknown>[] =>
  log.items.filter(({ msg = '' }) => msg.startsWith('told ')).map((line) => factsOf(line));

function factsOf(line: LogLine): Record<string, unknown> {
  const names = ['type', 'identity', 'attributes', 'metadata', 'topic', 'reason', 'detail'];
  return Object.fromEntries(Object.entries(line).filter(([name]) => names.includes(name)));
}

const told = (
  program: WorkerProgram,
  type: string,
  matches: (line: LogLine) => boolean = () => true,
) =>
  program.log.waitFor(`The event ${type}`, (line) => line.msg === `told ${type}` && matches(line), {
    timeoutMs: 20_000,
  });

test('the call of docs/examples/call-machine meets its caller, answers and says goodbye', async () => {
  const program = startWorkerProgram({
    agent: example,
    args: ['start', '--port', 'none', '--num-idle-processes', '1', '--load-threshold', 'Infinity'],
    nodeArgs: ['--import', 'tsx'],
    server: stage.server,
  });
  const worker = { program, agentName: 'desk' };
  try {
    await program.waitForEvent('worker.available');
    const room = newRoom();
    const caller = await stage.join(room, 'caller');
    await stage.dispatch('desk', { room });
    const hears = (text: string) =>
      caller.messages.waitFor(`The words "${text}"`, (message) => message.text === text);
    await hears('Good evening, caller');
    await caller.send('question', 'Where is the green room?');
    await hears('Down the hall, to the left.');

    program.signal('SIGTERM');
    program.signal('SIGINT');
    await hears('Goodbye');
    expect(await program.waitForEvent('job.ended')).toMatchObject({
      session: { reason: 'worker-closing' },
    });
    expect(program.events).not.toContain('job.warning');
  } finally {
    await stage.endWorker(worker);
  }
});

test('a machine is told of everything in its room, in order', async () => {
  const worker = await stage.startWorker('narrates-its-room');
  const { program } = worker;
  const room = newRoom();
  const early = await stage.join(room, 'early');
  const { identity } = await stage.call(worker, { room });
  await told(program, 'room.participantConnected');
  const late = await stage.join(room, 'late');
  // The server tells of someone without tracks up to 3 s later; data that comes before is from nobody.
  await told(program, 'room.participantConnected', ({ identity: who }) => who === 'late');
  await late.send('chat', 'hello');
  await told(program, 'room.dataReceived');
  await stage.rooms.updateParticipant(room, 'early', { attributes: { mood: 'good' } });
  await told(program, 'room.participantAttributesChanged', ({ identity: who }) => who === 'early');
  await stage.rooms.updateParticipant(room, 'early', { metadata: 'new' });
  await told(program, 'room.participantMetadataChanged');
  await late.leave();
  await told(program, 'room.participantDisconnected');
  await stage.rooms.deleteRoom(room);
  expect(await program.waitForEvent('job.ended')).toMatchObject({
    end: 'succeeded',
    session: { reason: 'room-deleted' },
  });
  await early.waitForDisconnect();

  const isOwn = (event: Record<string, unknown>) => event['identity'] === identity;
  const events = toldIn(program);
  expect(events[0]).toEqual({ type: 'room.connected', identity });
  expect(events.slice(1).filter((event) => !isOwn(event))).toEqual([
    { type: 'room.participantConnected', identity: 'early' },
    { type: 'room.participantConnected', identity: 'late' },
    { type: 'room.dataReceived', topic: 'chat', identity: 'late' },
    { type: 'room.participantAttributesChanged', identity: 'early', attributes: { mood: 'good' } },
    { type: 'room.participantMetadataChanged', identity: 'early', metadata: 'new' },
    { type: 'room.participantDisconnected', identity: 'late' },
    { type: 'room.disconnected', reason: 'room-deleted', detail: 'ROOM_DELETED' },
    { type: 'session.closing', reason: 'room-deleted', detail: 'ROOM_DELETED' },
  ]);
});

test('while the connection of the agent is renewed everyone leaves and comes back', async () => {
  const worker = await stage.startWorker('narrates-its-room');
  const { program } = worker;
  const room = newRoom();
  await stage.join(room, 'caller');
  await stage.call(worker, { room });
  await told(program, 'room.participantConnected');
  const before = program.log.items.length;
  await stage.tell(room, 'reconnect');
  for (const type of ['room.participantConnected', 'room.reconnected']) {
    await told(program, type, (line) => program.log.items.indexOf(line) >= before);
  }
  const isOwn = ({ type }: Record<string, unknown>) => type === 'room.participantAttributesChanged';
  const types = toldIn(program)
    .slice(2)
    .filter((event) => !isOwn(event))
    .map(({ type }) => type);
  expect(new Set(types)).toEqual(
    new Set([
      'room.reconnecting',
      'room.participantDisconnected',
      'room.participantConnected',
      'room.reconnected',
    ]),
  );
  const index = (type: string) => types.indexOf(type);
  expect(index('room.reconnecting')).toBeLessThan(index('room.reconnected'));
  expect(index('room.participantDisconnected')).toBeLessThan(index('room.participantConnected'));
});
