/** C51 to C66, C70: the dispatch API, and the list of dispatches. */
import { JobStatus, JobType } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { Scene } from '../scene.ts';
import { within } from '../../support/work-per-core.ts';

/** The agent names of a room's dispatches. */
async function agentNamesIn({ dispatches }: Scene, room: string): Promise<string[]> {
  return (await dispatches.listDispatch(room)).map(({ agentName }) => agentName).toSorted();
}

/** How long a call takes by the server's time, and what it fails with. */
async function failureOf(scene: Scene, call: Promise<unknown>) {
  const { stage } = scene;
  const start = stage.now();
  const failed = call.then(
    () => 'no error',
    (error: { status: number; code: string; message: string }) => error,
  );
  const failure = await stage.until('The answer', failed, 6_000);
  const { status, code } = failure as { status: number; code: string };
  return { status, code, afterMs: stage.now() - start };
}

/** What a missing room is answered with. */
async function expectNoServers(scene: Scene, call: Promise<unknown>): Promise<void> {
  const { afterMs, ...failure } = await failureOf(scene, call);
  expect(failure).toEqual({ status: 503, code: 'unavailable' });
  expect(afterMs).toBeGreaterThan(2_800);
  expect(afterMs).toBeLessThan(within(4_000));
}

const denied = { status: 401, body: '{"code":"unauthenticated","msg":"permissions denied"}' };
const invalid = (words: string) => ({
  status: 400,
  body: `{"code":"invalid_argument","msg":"twirp error unknown: ${words}"}`,
});

export const dispatchCases: ConformanceCase[] = [
  {
    id: 'C51',
    title: 'a dispatch makes its room, and with it the automatic dispatch',
    run: async (scene) => {
      const { room } = await scene.dispatch({ agentName: 'somebody' });
      expect(await scene.rooms.listRooms([room])).toHaveLength(1);
      expect(await agentNamesIn(scene, room)).toEqual(['', 'somebody']);
    },
  },
  {
    id: 'C52',
    title: 'when rooms are not made by themselves, a dispatch into a missing one fails after 3 s',
    server: 'manual-rooms',
    run: (scene) => expectNoServers(scene, scene.dispatch({ agentName: 'somebody' })),
  },
  {
    id: 'C53',
    title: 'after a first registration a job is listed only 5 s after its dispatch',
    run: async (scene) => {
      const worker = await scene.worker();
      const dispatched = await scene.dispatch(worker);
      const assignment = await worker.nextReceived('assignment');
      expect(assignment.at - dispatched.at).toBeLessThan(within(1_000));
      await scene.eventually(
        'the job',
        async () => (await scene.get(dispatched))?.state?.jobs.length,
      );
      const afterMs = scene.stage.now() - dispatched.at;
      expect(afterMs).toBeGreaterThan(4_000);
      expect(afterMs).toBeLessThan(within(6_000));
    },
  },
  {
    id: 'C54',
    title: 'once the names are collected, a job is listed when it is assigned',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      const dispatched = await scene.dispatch(worker!);
      await scene.eventually(
        'the job',
        async () => (await scene.get(dispatched))?.state?.jobs.length,
      );
      expect(scene.stage.now() - dispatched.at).toBeLessThan(within(1_200));
    },
  },
  {
    id: 'C55',
    title: 'the list does not learn how a job ends',
    isWarm: true,
    workers: { worker: {} },
    run: async (scene, { worker }) => {
      for (const status of [JobStatus.JS_SUCCESS, JobStatus.JS_FAILED]) {
        const job = await scene.run(worker!);
        worker!.updateJob(job.jobId, status);
        await worker!.barrier();
        await scene.stage.elapse(200);
        const state = (await scene.get(job))?.state?.jobs[0]?.state;
        expect(state).toMatchObject({ status: JobStatus.JS_RUNNING, endedAt: 0n });
      }
    },
  },
  {
    id: 'C56',
    title: 'a worker that comes after the dispatch is not asked about it',
    run: async (scene) => {
      const agentName = scene.nameOf('agent');
      const early = await scene.dispatch({ agentName });
      const worker = await scene.worker();
      await scene.stage.elapse(5_500);
      expect(worker.all('availability')).toEqual([]);
      expect((await scene.get(early))?.state?.jobs).toEqual([]);
      const { dispatchId } = await scene.dispatch(worker);
      await scene.offered([worker], dispatchId);
    },
  },
  {
    id: 'C57',
    title: 'a dispatch of an unknown id is not in the list',
    run: async (scene) => {
      const { room } = await scene.dispatch({ agentName: 'somebody' });
      expect(await scene.get({ room, dispatchId: 'AD_unknown' })).toBeUndefined();
    },
  },
  {
    id: 'C58',
    title: 'a dispatch is deleted once; unknown ones are not found',
    run: async (scene) => {
      const { room, dispatchId } = await scene.dispatch({ agentName: 'somebody' });
      await scene.dispatches.deleteDispatch(dispatchId, room);
      for (const id of [dispatchId, 'AD_unknown']) {
        const { status, code } = await failureOf(scene, scene.dispatches.deleteDispatch(id, room));
        expect({ status, code }).toEqual({ status: 404, code: 'not_found' });
      }
    },
  },
  {
    id: 'C59',
    title: 'in a room that is gone nothing is listed or deleted: 503 after 3 s',
    run: async (scene) => {
      const { room, dispatchId } = await scene.dispatch({ agentName: 'somebody' });
      await scene.rooms.deleteRoom(room);
      await expectNoServers(scene, scene.dispatches.listDispatch(room));
      await expectNoServers(scene, scene.dispatches.deleteDispatch(dispatchId, room));
    },
  },
  {
    id: 'C60',
    title: 'without the grant for the room: permissions denied',
    run: async (scene) => {
      const room = scene.newRoom();
      for (const method of ['CreateDispatch', 'DeleteDispatch', 'ListDispatch']) {
        for (const grant of [null, { roomAdmin: true, room: 'another' }, { roomCreate: true }]) {
          const { status, body } = await scene.post(
            `AgentDispatchService/${method}`,
            { room },
            grant,
          );
          expect({ status, body }).toEqual(denied);
        }
      }
    },
  },
  {
    id: 'C61',
    title: 'metadata and attributes have limits',
    run: async (scene) => {
      const room = scene.newRoom();
      const create = async (body: object) => {
        const grant = { roomAdmin: true, room };
        const answer = await scene.post(
          'AgentDispatchService/CreateDispatch',
          { room, agentName: 'a', ...body },
          grant,
        );
        return answer.status === 200 ? 200 : { status: answer.status, body: answer.body };
      };
      const text = (length: number) => 'x'.repeat(length);
      expect(await create({ metadata: text(524_288) })).toBe(200);
      expect(await create({ metadata: text(524_289) })).toEqual(
        invalid('metadata size exceeds limits'),
      );
      expect(await create({ attributes: { k: text(65_535) } })).toBe(200);
      expect(await create({ attributes: { k: text(65_536) } })).toEqual(
        invalid('attribute size exceeds limits'),
      );
      expect(await create({ deployment: 'a_b' })).toEqual(
        invalid("deployment contains reserved character '_'"),
      );
    },
  },
  {
    id: 'C62',
    title: 'a restart policy is kept',
    run: async (scene) => {
      const room = scene.newRoom();
      const created = await scene.dispatches.createDispatch(room, 'somebody', { restartPolicy: 1 });
      expect(created.restartPolicy).toBe(1);
      expect((await scene.get({ room, dispatchId: created.id }))?.restartPolicy).toBe(1);
    },
  },
  {
    id: 'C63',
    title:
      'a worker without a name is asked for every new room: when it is made, or when it is joined',
    isAlone: true,
    run: async (scene) => {
      const worker = await scene.worker({ agentName: null });
      const [made, joined] = [scene.newRoom(), scene.newRoom()];
      await scene.rooms.createRoom({ name: made });
      await scene.join(joined, 'alice');
      for (const room of [made, joined]) {
        const { job } = await worker.next('availability', {
          matches: (one) => one.job?.room?.name === room,
        });
        expect(job).toMatchObject({ type: JobType.JT_ROOM, agentName: '' });
      }
    },
  },
  {
    id: 'C64',
    title: 'a room that names its agents has no automatic dispatch',
    run: async (scene) => {
      const worker = await scene.worker();
      const name = scene.newRoom();
      const { agentName } = worker;
      await scene.rooms.createRoom({
        name,
        agents: [{ agentName, metadata: 'of the room' }] as never,
      });
      const { job } = await worker.next('availability');
      expect(job?.metadata).toBe('of the room');
      expect(await agentNamesIn(scene, name)).toEqual([agentName]);
    },
  },
  {
    id: 'C65',
    title: 'a room that exists takes no further agents by being made or joined',
    run: async (scene) => {
      const name = scene.newRoom();
      const agents = [{ agentName: 'late' }];
      await scene.rooms.createRoom({ name });
      await scene.rooms.createRoom({ name, agents: agents as never });
      await scene.join(name, 'alice', { roomConfig: { agents } });
      expect(await agentNamesIn(scene, name)).toEqual(['']);
    },
  },
  {
    id: 'C66',
    title: 'the token of the first one to join says what the room is like',
    run: async (scene) => {
      const worker = await scene.worker();
      const name = scene.newRoom();
      const agents = [{ agentName: worker.agentName, metadata: 'of the token' }];
      const roomConfig = { emptyTimeout: 77, departureTimeout: 33, metadata: 'MD', agents };
      await scene.join(name, 'alice', { roomConfig });
      const [room] = await scene.rooms.listRooms([name]);
      expect(room).toMatchObject({ emptyTimeout: 77, departureTimeout: 33, metadata: 'MD' });
      expect((await worker.next('availability')).job?.metadata).toBe('of the token');
    },
  },
  {
    id: 'C70',
    title: 'a request that is sent twice makes two dispatches',
    remark: 'Later versions make the id from the request, and launch twice under one id.',
    run: async (scene) => {
      const room = scene.newRoom();
      const ids = [];
      for (let round = 0; round < 2; round += 1) {
        const answer = await scene.post(
          'AgentDispatchService/CreateDispatch',
          { room, agentName: 'somebody' },
          { roomAdmin: true, room },
          { 'x-livekit-request-id': 'the-same' },
        );
        expect(answer.contentType).toBe('application/json');
        ids.push((JSON.parse(answer.body) as { id: string }).id);
      }
      expect(new Set(ids).size).toBe(2);
    },
  },
];
