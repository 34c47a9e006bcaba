/** C85 to C90: when rooms close, and who may still come in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DisconnectReason } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { Scene } from '../scene.ts';
import { within } from '../../support/work-per-core.ts';

const joinsAndStays = fileURLToPath(new URL('../../fixtures/joins-and-stays.mjs', import.meta.url));

const isGone = async ({ rooms }: Scene, name: string) =>
  (await rooms.listRooms([name])).length === 0;

/** A process joins and is killed: the signal that ended it. */
async function joinAndDie(url: string, token: string): Promise<string | null> {
  const program = spawn(process.execPath, [joinsAndStays, url, token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(program, 'exit');
  await once(program.stdout, 'data');
  program.kill('SIGKILL');
  const [, signal] = await exited;
  return signal as string | null;
}

/** Rooms are looked at every second, and count in whole seconds. */
function expectAround(actualMs: number, wantedMs: number): void {
  expect(actualMs).toBeGreaterThan(wantedMs - 1_100);
  expect(actualMs).toBeLessThan(within(wantedMs + 2_000));
}

export const roomLifetimeCases: ConformanceCase[] = [
  {
    id: 'C85',
    title: 'the departure time after the last caller the room closes on its agents',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      await scene.rooms.createRoom({ name: room, departureTimeout: 4 });
      const job = await scene.run(worker!, { room });
      const [alice, agent] = [await scene.join(room, 'alice'), await scene.enter(job)];
      const at = scene.stage.now();
      await alice.leave();
      await scene.gone(room, alice);
      expectAround((await scene.terminated(worker!, job.jobId)).at - at, 4_000);
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.ROOM_CLOSED);
      expect(await isGone(scene, room)).toBe(true);
    },
  },
  {
    id: 'C86',
    title: 'an agent alone does not keep a room beyond its empty time',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      const at = scene.stage.now();
      await scene.rooms.createRoom({ name: room, emptyTimeout: 6 });
      const job = await scene.run(worker!, { room });
      const agent = await scene.enter(job);
      expectAround((await scene.terminated(worker!, job.jobId)).at - at, 6_000);
      expect(await scene.reasonOf(agent)).toBe(DisconnectReason.ROOM_CLOSED);
    },
  },
  {
    id: 'C87',
    title: 'an agent that leaves after the last caller starts the departure time anew',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      await scene.rooms.createRoom({ name: room, departureTimeout: 6 });
      const job = await scene.run(worker!, { room });
      const [alice, agent] = [await scene.join(room, 'alice'), await scene.enter(job)];
      await alice.leave();
      await scene.gone(room, alice);
      await scene.stage.elapse(3_000);
      const at = scene.stage.now();
      await agent.leave();
      await scene.gone(room, agent);
      await scene.eventually('the end of the room', () => isGone(scene, room));
      expectAround(scene.stage.now() - at, 6_000);
    },
  },
  {
    id: 'C88',
    title: 'a caller keeps the room open',
    run: async (scene) => {
      const room = scene.newRoom();
      await scene.rooms.createRoom({ name: room, emptyTimeout: 2 });
      await scene.join(room, 'alice');
      await scene.stage.elapse(5_000);
      expect(await isGone(scene, room)).toBe(false);
    },
  },
  {
    id: 'C89',
    title: 'agents take no place in a room of one',
    run: async (scene) => {
      const room = scene.newRoom();
      await scene.rooms.createRoom({ name: room, maxParticipants: 1 });
      for (const identity of ['agent-1', 'agent-2'])
        await scene.join(room, identity, { kind: 'agent' });
      await scene.join(room, 'alice');
      await expect(scene.join(room, 'bob')).rejects.toThrow();
      await scene.join(room, 'agent-3', { kind: 'agent' });
    },
  },
  {
    id: 'C90',
    title: 'the process of an agent is killed: the termination comes after some 20 s',
    isWarm: true,
    workers: { worker: {} },
    not: { embedded: 'Without media there is no connection that could be lost.' },
    run: async (scene, { worker }) => {
      const job = await scene.run(worker!);
      const killed = await joinAndDie(scene.stage.url, job.token);
      const at = scene.stage.now();
      expect(killed).toBe('SIGKILL');
      const termination = await scene.terminated(worker!, job.jobId, 30_000);
      expect(termination.at - at).toBeGreaterThan(10_000);
    },
  },
];
