/** C17 to C23: binary and JSON, nonsense, the end of a connection. */
import { once } from 'node:events';
import { WorkerMessage, WorkerPing } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { RawWorker } from '../raw-worker.ts';
import type { Scene } from '../scene.ts';
import { within } from '../../support/work-per-core.ts';

/** Whether the connection ends on what is sent, at once. */
async function cutsOn(scene: Scene, worker: RawWorker, frame: Uint8Array | string) {
  worker.socket.send(frame);
  return (await scene.stage.until('The cut', worker.closed, 2_000)).code;
}

const nonsense: (Uint8Array | string)[] = [
  new Uint8Array([0xff, 0xff, 0xff]),
  '{"register": ',
  new Uint8Array(),
  '{}',
  // Field 15, of two bytes: a message of a later version.
  new Uint8Array([0x7a, 0x00]),
  '{"unheardOf": {}}',
];

export const frameCases: ConformanceCase[] = [
  {
    id: 'C17',
    title: 'the server answers in the encoding of the last frame',
    run: async (scene) => {
      const worker = await scene.connect();
      worker.sendJson({ register: { agentName: worker.agentName } });
      await worker.next('register');
      worker.send({ case: 'ping', value: new WorkerPing({ timestamp: 1n }) });
      await worker.next('pong');
      expect(worker.received.items.map(({ isBinary }) => isBinary)).toEqual([false, true]);
    },
  },
  {
    id: 'C18',
    title: 'JSON may have unknown fields, other spellings and numbers for enums',
    run: async (scene) => {
      const worker = await scene.connect();
      const register = { agent_name: worker.agentName, type: 0, unheardOf: [1] };
      worker.sendJson({ register });
      await worker.next('register');
      worker.sendJson({ update_worker: { status: 'WS_AVAILABLE', load: 0.1, job_count: 1 } });
      worker.sendJson({ ping: { timestamp: 5 } });
      worker.sendJson({ ping: { timestamp: '6' } });
      for (const timestamp of [5n, 6n])
        await worker.next('pong', { matches: ({ lastTimestamp }) => lastTimestamp === timestamp });
    },
  },
  {
    id: 'C19',
    title: 'what is no message ends the connection, before and after Register',
    run: async (scene) => {
      const codes = nonsense.flatMap((frame) => [
        scene.connect().then((worker) => cutsOn(scene, worker, frame)),
        scene.worker().then((worker) => cutsOn(scene, worker, frame)),
      ]);
      expect(new Set(await Promise.all(codes))).toEqual(new Set([1006]));
    },
  },
  {
    id: 'C20',
    title: 'answers and updates of unknown jobs are ignored, and so is MigrateJob',
    run: async (scene) => {
      const worker = await scene.worker();
      worker.respond({ id: 'AJ_unknown' }, 'accept');
      worker.updateJob('AJ_unknown', 2);
      worker.migrate(['AJ_unknown']);
      await worker.barrier();
      expect(worker.all('assignment')).toEqual([]);
    },
  },
  {
    id: 'C21',
    title: 'a close of the worker is answered with its own code',
    run: async (scene) => {
      const [one, two] = [await scene.worker(), await scene.worker()];
      one.socket.close(1000);
      two.socket.close();
      const codes = [one, two].map(({ closed }) => scene.stage.until('The close', closed, 2_000));
      expect((await Promise.all(codes)).map(({ code }) => code)).toEqual([1000, 1005]);
    },
  },
  {
    id: 'C22',
    title: 'the server pings every 10 s, and does not mind a worker that never answers',
    remark: 'The embedded server is watched for 40 s of its clock, the real one for 21 s.',
    run: async (scene) => {
      const { stage } = scene;
      const worker = await scene.worker();
      // Pongs of the library are held back from here on.
      const isReal = stage.name === 'livekit-server';
      if (isReal) worker.socket.pong = () => {};
      await stage.elapse(isReal ? 21_000 : 40_100);
      const gaps = worker.pings.slice(1).map((at, index) => at - worker.pings[index]!);
      expect(worker.pings.length).toBe(isReal ? 2 : 4);
      for (const gap of gaps) expect(Math.abs(gap - 10_000)).toBeLessThan(within(500));
      await worker.barrier();
    },
  },
  {
    id: 'C23',
    title: 'a message of 5 MiB is taken',
    run: async (scene) => {
      const worker = await scene.worker();
      const error = 'x'.repeat(5 * 1024 * 1024);
      const value = { jobId: 'AJ_unknown', status: 2, error };
      const frame = WorkerMessage.fromJson({ updateJob: value }).toBinary();
      worker.socket.send(frame);
      await Promise.race([worker.barrier(), once(worker.socket, 'close')]);
      expect(worker.socket.readyState).toBe(worker.socket.OPEN);
    },
  },
];
