/** The faults of the embedded server, as a worker meets them. */
import { WorkerStatus } from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedStage, startEmbeddedStage } from '../conformance/embedded-stage.ts';
import { RawWorker } from '../conformance/raw-worker.ts';

let stage: EmbeddedStage;
beforeEach(async () => {
  stage = await startEmbeddedStage('usual');
});
afterEach(() => stage.close());

/** A registered worker, and its id. */
async function registered() {
  const worker = await RawWorker.connect(stage, {}, 'agent');
  return { worker, workerId: await worker.register() };
}

/** The loads that the server has heard of. */
const loads = () =>
  stage.server.events.flatMap((event) => (event.type === 'worker.status' ? [event.load] : []));

it('a stalled worker is not read until the time is over', async () => {
  const { worker, workerId } = await registered();
  worker.pause();
  stage.server.worker(workerId).stall(3_000);
  worker.update({ status: WorkerStatus.WS_AVAILABLE, load: 0.5 });
  await stage.elapse(2_900);
  expect(loads()).toEqual([]);
  await stage.elapse(200);
  worker.resume();
  await worker.barrier();
  expect(loads()).toEqual([0.5]);
});

it('what is sent can be late', async () => {
  const { worker } = await registered();
  stage.server.faults.sendDelayMs = 250;
  stage.server.dispatch('a-room', 'agent');
  const offered = await worker.nextReceived('availability');
  // 200 ms of them are the selection.
  expect(offered.at).toBe(450);
});

it('the next messages of a kind can be lost', async () => {
  const worker = await RawWorker.connect(stage, {}, 'agent');
  stage.server.faults.lose('register');
  worker.sendRegister();
  await worker.barrier();
  expect(worker.all('register')).toEqual([]);
  const other = await RawWorker.connect(stage, {}, 'agent');
  await other.register();
});

it('an upgrade can be met by silence', async () => {
  stage.server.faults.upgrades = 'ignore';
  const connecting = RawWorker.connect(stage, {}, 'agent').then(() => 'open');
  await expect(stage.until('The connection', connecting, 1_000)).rejects.toThrow('did not come');
});

it('a connection is cut, or closed in order', async () => {
  const [one, two] = [await registered(), await registered()];
  stage.server.worker(one.workerId).cut('for the test');
  stage.server.worker(two.workerId).close(4_000);
  expect((await one.worker.closed).code).toBe(1006);
  expect((await two.worker.closed).code).toBe(4_000);
  const causes = [one, two].map(({ workerId }) =>
    stage.server.waitFor('worker.gone', { matches: (event) => event.workerId === workerId }),
  );
  expect((await Promise.all(causes)).map(({ cause }) => cause)).toEqual(['for the test', null]);
});

it('the API can say nothing', async () => {
  stage.server.faults.api = 'ignore';
  const { url, apiKey, apiSecret } = stage.server;
  const rooms = new RoomServiceClient(url, apiKey, apiSecret, { requestTimeout: 0.1 });
  await expect(rooms.listRooms()).rejects.toThrow('aborted due to timeout');
});
