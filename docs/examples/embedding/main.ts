/**
 * Runs the service with a real worker. SIGTERM shuts it: the last calls end, then the program.
 *
 *   LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… node --import tsx docs/examples/embedding/main.ts
 */
import { workerLogic } from 'greenroom';
import { createActor } from 'xstate';
import { serviceMachine } from './service.ts';

const worker = workerLogic(
  { agent: new URL('agent.ts', import.meta.url).href, agentName: 'embedded' },
  { mode: 'production' },
);
const service = createActor(serviceMachine.provide({ actors: { worker: worker.machine } }), {
  input: { worker: worker.input },
  // The log of the worker, its events and request.accept() live on it.
  inspect: worker.inspect,
});
worker.on('job.ended', () => service.send({ type: 'call.ended' }));

service.subscribe({
  next: ({ value, context }) => {
    console.log('service:', JSON.stringify(value));
    if (value !== 'shut') return;
    console.log(`calls: ${context.calls}, end: ${context.end?.outcome}`);
    process.exit(context.end?.outcome === 'failed' ? 1 : 0);
  },
  // A bug in the service itself: nobody looks after the worker any more, so its sessions end by themselves.
  error: (error) => {
    console.error(error);
    worker.abandon();
    process.exit(1);
  },
});
service.start();
process.on('SIGTERM', () => service.send({ type: 'service.shut' }));
