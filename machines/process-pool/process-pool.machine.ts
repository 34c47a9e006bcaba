import { setup } from 'xstate';
import type { PoolEvent } from '../events.ts';
import { jobProcessMachine } from '../job-process/job-process.machine.ts';
import type { JobProcessOutput } from '../job-process/job-process.types.ts';
import * as plans from './process-pool.plan.ts';
import * as rules from './process-pool.rules.ts';
import type {
  ProcessPoolContext,
  ProcessPoolInput,
  ProcessPoolMachineEvent,
  ProcessPoolOutput,
} from './process-pool.types.ts';

const pool = setup({
  types: {
    context: {} as ProcessPoolContext,
    events: {} as ProcessPoolMachineEvent,
    input: {} as ProcessPoolInput,
    output: {} as ProcessPoolOutput,
    emitted: {} as PoolEvent,
  },
  actors: { jobProcess: jobProcessMachine },
  guards: {
    isEmpty: ({ context }) => Object.keys(context.processes).length === 0,
    isBackingOff: ({ context }) => context.failuresInARow > 0,
    isTooLate: ({ context }, params: { isAccepted: boolean }) =>
      !params.isAccepted && rules.isQueueFull(context) && !rules.hasWarmIdle(context),
    isFatal: (_, params: { fatal: boolean }) => params.fatal,
    isOverIntensity: ({ context }) => context.failures > context.restartIntensity,
    isOfThisPeriod: ({ context }, params: { period: number }) => params.period === context.period,
    isLoss: ({ context }, params: { output: JobProcessOutput }) =>
      rules.isLoss(context, params.output),
  },
  delays: {
    joinTimeout: 1_000,
    restartPeriod: 60_000,
    refillDelay: ({ context }) => rules.refillDelayMs(context.failuresInARow),
    slowRestartDelay: 30_000,
  },
});

/** Carries out what `plans.makePlan` says: adds processes, grants claims, gives turns to warm up. */
function balance(wanted: plans.Wanted) {
  return pool.enqueueActions(({ context, enqueue }) => {
    const plan = plans.makePlan(context, wanted);
    enqueue.assign({
      waiting: wanted.grant ? [] : context.waiting,
      processes: ({ spawn, self }) => {
        const processes = { ...context.processes };
        for (const [process, { phase, claimedBy }] of Object.entries(plan.add)) {
          const input = { process, limits: context.limits, pool: self };
          const ref = spawn('jobProcess', { id: process, systemId: process, input });
          processes[process] = { ref, phase, claimedBy, client: null };
        }
        return plans.withPlan(processes, plan);
      },
    });
    for (const { process, claim } of plan.grants) {
      enqueue.sendTo(process, { type: 'process.claim', client: claim.client });
      enqueue.sendTo(claim.client, ({ context: { processes } }) =>
        rules.grantReport(processes, process),
      );
    }
    for (const process of plan.start) enqueue.sendTo(process, { type: 'process.start' });
  });
}

/** Owns the job processes for life: keeps warm ones ready, grants claims, replaces the dead with back-off. */
export const processPoolMachine = pool
  .extend({
    actions: {
      emitReady: pool.emit({ type: 'pool.ready' }),
      emitFailing: pool.emit(({ context }) => rules.failingEvent(context)),
      emitRecovered: pool.emit({ type: 'pool.recovered' }),
      reportReady: pool.sendTo(({ context }) => context.parent, { type: 'pool.ready' }),
      reportFailing: pool.sendTo(
        ({ context }) => context.parent,
        ({ context }) => rules.failingReport(context),
      ),
      reportRecovered: pool.sendTo(({ context }) => context.parent, { type: 'pool.recovered' }),
      prove: balance({ grant: false, refill: true, proof: true }),
      grant: balance({ grant: true, refill: false, proof: false }),
      fill: balance({ grant: true, refill: true, proof: false }),
      noteClaim: pool.assign(({ context, event }) => rules.noteClaim(context, event)),
      release: pool.enqueueActions(({ context, event, enqueue }) => {
        const released = rules.releasedProcess(context, event);
        enqueue.assign(rules.release(context, event));
        if (released !== null) enqueue.sendTo(released, { type: 'process.release' });
      }),
      refuseWaiting: pool.enqueueActions(({ context, enqueue }) => {
        const report = { type: 'pool.refused' as const, failure: context.failure };
        for (const claim of context.waiting) enqueue.sendTo(claim.client, report);
        enqueue.assign({ waiting: [] });
      }),
      refuse: pool.enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'pool.claim') return;
        enqueue.sendTo(event.client, { type: 'pool.refused', failure: null });
      }),
      trim: pool.enqueueActions(({ context, enqueue }) => {
        for (const id of plans.surplusProcesses(context)) {
          enqueue.sendTo(id, { type: 'process.stop', cause: 'surplus' });
          enqueue.assign({
            processes: ({ context: { processes } }) =>
              rules.withEntry(processes, id, { phase: 'stopping' }),
          });
        }
      }),
      noteWarm: pool.assign(({ context, event }) => rules.noteWarm(context, event)),
      noteWarmupFailed: pool.assign(({ context, event }) => rules.noteWarmupFailed(context, event)),
      noteFatal: pool.assign({ fatal: true }),
      noteLoss: pool.assign(({ context, event }) => rules.noteLoss(context, event)),
      forgetFailure: pool.assign({
        failures: ({ context }) => Math.max(0, context.failures - 1),
      }),
      forgetAllFailures: pool.assign({
        failures: 0,
        failuresInARow: 0,
        period: ({ context }) => context.period + 1,
      }),
      forgetLater: pool.raise(
        ({ context }) => ({ type: 'pool.failureForgotten', period: context.period }),
        { delay: 'restartPeriod' },
      ),
      /** XState keeps a delayed event that is raised again under its id: the earlier one is cancelled first. */
      refillLater: pool.enqueueActions(({ enqueue }) => {
        enqueue.cancel('refill');
        enqueue.raise({ type: 'pool.refillDue' }, { delay: 'refillDelay', id: 'refill' });
      }),
      /** Each claim has its own timer: claims in quick succession must not put the refill off for ever. */
      refillAfterJoin: pool.raise({ type: 'pool.joinDue' }, { delay: 'joinTimeout' }),
      noteSize: pool.assign(({ context, event }) => rules.noteSize(context, event)),
      endOrphan: pool.enqueueActions(({ context, event, enqueue }) => {
        const { child, report, client } = rules.orphan(context, event);
        if (child !== null) enqueue.sendTo(child, { type: 'child.signal', signal: 'SIGKILL' });
        if (client !== null) enqueue.sendTo(client, report);
      }),
      remove: pool.enqueueActions(({ context, event, enqueue }) => {
        const id = rules.endedProcess(event);
        if (id === null) return;
        enqueue.assign({ processes: rules.withoutEntry(context.processes, id) });
        enqueue.stopChild(id);
      }),
      stopAll: pool.enqueueActions(({ context, enqueue }) => {
        for (const id of Object.keys(context.processes)) {
          enqueue.sendTo(id, { type: 'process.stop', cause: 'worker-closing' });
        }
      }),
      killAll: pool.enqueueActions(({ context, enqueue }) => {
        for (const id of Object.keys(context.processes)) {
          enqueue.sendTo(id, { type: 'process.kill', cause: 'worker-closing' });
        }
      }),
    },
  })
  .createMachine({
    id: 'processPool',
    description:
      'Owns the job processes for life. Warm ones wait for jobs; claims are granted; the dead are replaced with back-off.',
    context: ({ input }) => ({
      ...input,
      processes: {},
      warmupMs: 200,
      waiting: [],
      failures: 0,
      failuresInARow: 0,
      period: 0,
      failure: null,
      fatal: false,
    }),
    output: ({ context }) => rules.output(context),
    on: {
      'pool.release': {
        description: 'The job did not come to be: its process goes back clean.',
        actions: ['release', 'trim'],
      },
      'pool.resize': {
        description:
          'Less is kept warm while the worker drains, more again when that is called off.',
        actions: ['noteSize', 'trim', 'refillLater'],
      },
      'pool.failureForgotten': {
        description: 'A failure counts for the restart period only.',
        guard: { type: 'isOfThisPeriod', params: ({ event }) => ({ period: event.period }) },
        actions: 'forgetFailure',
      },
      'pool.stop': '.stopping',
      'pool.kill': '.killing',
      'process.warmupFailed': {
        actions: ['noteWarmupFailed', 'forgetLater', 'refillLater'],
      },
      'xstate.done.actor.process.*': [
        {
          description:
            'A process died that was idle or warming up: it counts as a failure and is replaced with back-off.',
          guard: {
            type: 'isLoss',
            params: ({ event }) => ({ output: event.output }),
          },
          actions: ['noteLoss', 'remove', 'forgetLater', 'refillLater'],
        },
        { actions: ['remove', 'refillLater'] },
      ],
      'xstate.error.actor.process.*': {
        description: 'A bug in a process actor: its process is killed, and its job told.',
        actions: ['noteLoss', 'endOrphan', 'remove', 'forgetLater', 'refillLater'],
      },
    },
    initial: 'proving',
    states: {
      proving: {
        description:
          'No process has loaded the agent and finished prewarm yet: claims wait, and the worker takes no jobs.',
        entry: 'prove',
        always: { guard: 'isOverIntensity', target: 'failing' },
        on: {
          'pool.claim': [
            {
              description: 'The queue for the first processes is too long.',
              guard: { type: 'isTooLate', params: ({ event }) => event },
              actions: 'refuse',
            },
            { actions: 'noteClaim' },
          ],
          'pool.refillDue': { actions: 'prove' },
          'process.becameWarm': {
            target: 'serving',
            actions: ['noteWarm', 'forgetAllFailures', 'reportReady', 'emitReady'],
          },
          'process.warmupFailed': [
            {
              description: 'Another try cannot help: no such file, no default export.',
              guard: { type: 'isFatal', params: ({ event }) => ({ fatal: event.fatal }) },
              target: 'stopping',
              actions: ['noteWarmupFailed', 'noteFatal'],
            },
            { actions: ['noteWarmupFailed', 'forgetLater', 'refillLater'] },
          ],
        },
      },
      serving: {
        description:
          'The agent works. Claims are granted at once, by a warm process or the next best.',
        entry: ['trim', 'fill'],
        always: { guard: 'isOverIntensity', target: 'failing' },
        on: {
          'pool.claim': [
            {
              description:
                'The caller would wait too long for a process: another worker may have one. Refused before the job is accepted.',
              guard: { type: 'isTooLate', params: ({ event }) => event },
              actions: 'refuse',
            },
            {
              description:
                'The refill waits until the job is in its room, or 1 s, so that it does not slow the caller.',
              actions: ['noteClaim', 'grant', 'refillAfterJoin'],
            },
          ],
          'process.joined': [
            { description: 'The back-off refills.', guard: 'isBackingOff' },
            { actions: 'fill' },
          ],
          'pool.joinDue': [
            { description: 'The back-off refills.', guard: 'isBackingOff' },
            { actions: 'fill' },
          ],
          'pool.refillDue': { actions: 'fill' },
          'process.becameWarm': { actions: ['noteWarm', 'grant'] },
        },
      },
      failing: {
        description:
          'More failures than restartIntensity within the restart period: no spinning. One try every 30 s.',
        entry: ['reportFailing', 'emitFailing', 'refuseWaiting'],
        on: {
          'pool.claim': { actions: ['noteClaim', 'refuseWaiting'] },
          'process.becameWarm': {
            target: 'serving',
            actions: ['noteWarm', 'forgetAllFailures', 'reportRecovered', 'emitRecovered'],
          },
          'process.warmupFailed': { actions: 'noteWarmupFailed' },
        },
        initial: 'resting',
        states: {
          resting: {
            description: 'Waits before the next try.',
            after: { slowRestartDelay: 'trying' },
          },
          trying: {
            description:
              'One process is started to see whether the agent works again; one that was warm before proves nothing.',
            entry: 'prove',
            after: { slowRestartDelay: { target: 'trying', reenter: true } },
          },
        },
      },
      stopping: {
        description: 'Every process gets the kill ladder.',
        entry: ['refuseWaiting', 'stopAll'],
        always: { guard: 'isEmpty', target: 'stopped' },
        on: { 'pool.claim': { actions: ['noteClaim', 'refuseWaiting'] } },
      },
      killing: {
        description: 'Every process group gets SIGKILL now.',
        entry: ['refuseWaiting', 'killAll'],
        always: { guard: 'isEmpty', target: 'stopped' },
        on: { 'pool.claim': { actions: ['noteClaim', 'refuseWaiting'] } },
      },
      stopped: { description: 'No job process is left.', type: 'final' },
    },
  });
