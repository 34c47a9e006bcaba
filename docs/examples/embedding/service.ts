/** An app's own machine that owns a worker: it opens, pauses and shuts it, and knows how it ended. */
import { assign, sendTo, setup } from 'xstate';
import { type WorkerInput, workerMachine, type WorkerOutput } from 'greenroom/machines';

export const serviceMachine = setup({
  types: {
    input: {} as { worker: WorkerInput },
    context: {} as { worker: WorkerInput; calls: number; end: WorkerOutput | null },
    events: {} as
      | { type: 'service.pause' | 'service.resume' | 'service.shut' | 'service.open' }
      | { type: 'call.ended' },
  },
  // Who starts the service puts in the real worker, or one with fakes.
  actors: { worker: workerMachine },
}).createMachine({
  id: 'service',
  description: 'Takes calls while it is open.',
  context: ({ input }) => ({ worker: input.worker, calls: 0, end: null }),
  initial: 'open',
  states: {
    open: {
      description: 'A worker serves, or lets its last calls end.',
      invoke: {
        id: 'worker',
        src: 'worker',
        input: ({ context }) => context.worker,
        onDone: { target: 'shut', actions: assign({ end: ({ event }) => event.output }) },
        onError: { description: 'A bug: the worker is gone.', target: 'broken' },
      },
      on: { 'call.ended': { actions: assign({ calls: ({ context }) => context.calls + 1 }) } },
      initial: 'serving',
      states: {
        serving: {
          description: 'Calls are taken, as far as there is room.',
          on: { 'service.pause': 'paused', 'service.shut': 'shutting' },
        },
        paused: {
          description: 'No new calls; those that run go on.',
          entry: sendTo('worker', { type: 'worker.pause' }),
          exit: sendTo('worker', { type: 'worker.resume' }),
          on: { 'service.resume': 'serving', 'service.shut': 'shutting' },
        },
        shutting: {
          description: 'The last calls end by themselves, then the worker is done.',
          entry: sendTo('worker', { type: 'worker.drain' }),
        },
      },
    },
    shut: {
      description: 'The worker has ended, and its output says how.',
      on: { 'service.open': 'open' },
    },
    broken: { description: 'Only a new process helps.', type: 'final' },
  },
});
