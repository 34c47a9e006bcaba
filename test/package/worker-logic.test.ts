/** `workerLogic()`: a worker inside an XState system that others have made. Its job processes are real. */
import { pino } from 'pino';
import { assign, createActor, emit, setup } from 'xstate';
import { afterEach, expect, it } from 'vitest';
import { type LifecycleEvent, type WorkerOptionsInit, workerLogic } from 'greenroom';
import {
  type WorkerCommand,
  type WorkerInput,
  type WorkerOutput,
  workerMachine,
} from 'greenroom/machines';
import { Dispatcher } from '../cli/dispatcher.ts';
import { PageClient } from '../inspect/page-client.ts';
import { Recorder } from '../support/recorder.mjs';
import { agentFile } from '../support/stage.ts';

/** A program of somebody else: it has events of its own, and a worker. */
const programMachine = setup({
  types: {
    input: {} as { worker: WorkerInput },
    context: {} as { worker: WorkerInput; ends: WorkerOutput[] },
    events: {} as { type: 'again' },
    emitted: {} as { type: 'program.opened' },
  },
  actors: { worker: workerMachine },
}).createMachine({
  context: ({ input }) => ({ worker: input.worker, ends: [] }),
  initial: 'open',
  states: {
    open: {
      entry: emit({ type: 'program.opened' }),
      invoke: {
        id: 'worker',
        src: 'worker',
        input: ({ context }) => context.worker,
        onDone: {
          target: 'shut',
          actions: assign({ ends: ({ context, event }) => [...context.ends, event.output] }),
        },
      },
    },
    shut: { on: { again: 'open' } },
  },
});

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function start(options: Partial<WorkerOptionsInit> = {}) {
  const dispatcher = await Dispatcher.start();
  const { url, apiKey, apiSecret } = dispatcher.access;
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const worker = workerLogic({
    agent: agentFile('stays'),
    wsURL: url,
    apiKey,
    apiSecret,
    loadFunc: () => 0,
    logLevel: 'fatal',
    logger,
    ...options,
  });
  const events = new Recorder<LifecycleEvent>();
  worker.on('*', (event) => events.add(event));
  const program = createActor(programMachine.provide({ actors: { worker: worker.machine } }), {
    input: { worker: worker.input },
    inspect: worker.inspect,
  });
  const states = new Recorder<unknown>();
  program.subscribe(({ value }) => states.add(value));
  program.start();
  const send = (command: WorkerCommand) => program.getSnapshot().children.worker?.send(command);
  undo.push(async () => {
    send({ type: 'worker.kill', cause: 'test' });
    await states.waitFor('The end of the worker', (value) => value === 'shut');
  });
  return { dispatcher, worker, program, send, events, lines, states };
}

const ofType = (type: string) => (event: { type: string }) => event.type === type;

it('runs, logs, and settles accept(); what the program itself emits is none of its business', async () => {
  const accepted = new Recorder<string>();
  const load = new Recorder<number>();
  const { dispatcher, program, send, events, lines } = await start({
    requestFunc: async (request) => {
      await request.accept();
      accepted.add(request.id);
    },
    loadFunc: ({ activeJobs }) => {
      load.add(activeJobs.length);
      return 0;
    },
  });
  const server = await dispatcher.worker(1);
  await server.untilAvailable();
  expect(await server.dispatch('AJ_1')).toBe(true);
  expect(await accepted.waitFor('accept()', () => true)).toBe('AJ_1');
  await load.waitFor('A load with the job', (jobs) => jobs === 1);

  send({ type: 'worker.close', cause: 'enough' });
  await events.waitFor('The end', ofType('worker.closed'));
  expect(program.getSnapshot().context.ends).toEqual([
    { outcome: 'closed', cause: 'enough', abandoned: [], failure: null },
  ]);
  expect(
    events.items.filter(({ type }) => !/^(worker|registration|pool|process|job)\./.test(type)),
  ).toEqual([]);
  expect(lines.filter((line) => line.includes('threw'))).toEqual([]);
  expect(lines.some((line) => line.includes('"msg":"worker closed"'))).toBe(true);
});

it('can be run again once it has ended', async () => {
  const { dispatcher, program, send, events, states } = await start();
  await (await dispatcher.worker(1)).untilAvailable();
  send({ type: 'worker.drain' });
  await states.waitFor('The end', (value) => value === 'shut');

  program.send({ type: 'again' });
  const second = await dispatcher.worker(2);
  await second.untilAvailable();
  expect(await second.dispatch('AJ_2')).toBe(true);
  await events.waitFor('The job', ofType('job.started'));
});

it('shows the whole system in the inspector, each time it is run', async () => {
  const { dispatcher, program, worker, send, states } = await start({ inspect: true });
  const urls = new Set<string>();
  for (const run of [1, 2]) {
    await (await dispatcher.worker(run)).untilAvailable();
    const page = new PageClient(worker.inspectorUrl ?? '');
    undo.push(() => page.close());
    await page.replayed();
    const [root] = page.messages.filter((message) => message.type === '@xstate.actor');
    expect(root).toMatchObject({ sessionId: program.sessionId, rootId: program.sessionId });
    expect(page.messages).toContainEqual(
      expect.objectContaining({ name: 'worker', parentId: program.sessionId }),
    );
    urls.add(worker.inspectorUrl ?? '');
    send({ type: 'worker.drain' });
    await states.waitFor('The end', () => program.getSnapshot().value === 'shut');
    if (run === 1) program.send({ type: 'again' });
  }
  expect(urls.size).toBe(2);
});

it('abandon() leaves the job processes to themselves: they end their sessions', async () => {
  const { dispatcher, events, worker } = await start();
  const server = await dispatcher.worker(1);
  await server.untilAvailable();
  await server.dispatch('AJ_1');
  await events.waitFor('The job', ofType('job.started'));
  worker.abandon();
  const ended = await events.waitFor('The end', ofType('job.ended'));
  expect(ended).toMatchObject({ jobId: 'AJ_1', end: 'failed' });
});
