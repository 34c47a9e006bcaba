import { assign, emit, enqueueActions, raise, sendTo, setup, type EventObject } from 'xstate';
import { clampDelay } from '../delays.ts';
import type { JobEvent, WorkerEvent } from '../events.ts';
import { jobMachine } from '../job/job.machine.ts';
import type { JobCommand, JobPhase } from '../job/job.types.ts';
import type { CloseReason, Failure, Job, RejectReason } from '../messages.ts';
import { processPoolMachine } from '../process-pool/process-pool.machine.ts';
import type { PoolCommand } from '../process-pool/process-pool.types.ts';
import { registrationMachine } from '../registration/registration.machine.ts';
import type { RegistrationReport } from '../registration/registration.types.ts';
import { unprovidedCallback } from '../unprovided.ts';
import * as rules from './worker.rules.ts';
import type {
  WorkerContext,
  WorkerInput,
  WorkerMachineEvent,
  WorkerOutput,
} from './worker.types.ts';

type Request = Extract<RegistrationReport, { type: 'registration.jobRequested' }>;
type StatusRead = Extract<RegistrationReport, { type: 'registration.statusRead' }>;

const worker = setup({
  types: {
    context: {} as WorkerContext,
    events: {} as WorkerMachineEvent,
    input: {} as WorkerInput,
    output: {} as WorkerOutput,
    emitted: {} as WorkerEvent | JobEvent,
  },
  actors: {
    registration: registrationMachine,
    processPool: processPoolMachine,
    job: jobMachine,
    sampleLoad: unprovidedCallback<EventObject>('workerMachine', 'sampleLoad'),
  },
  actions: {
    emitAvailable: emit(({ context }) => ({
      type: 'worker.available',
      status: rules.reportedStatus(context, true),
    })),
    emitFull: emit(({ context }) => ({
      type: 'worker.full',
      status: rules.reportedStatus(context, false),
      cause: rules.isFull(context) ? 'slots' : 'load',
    })),
    emitPaused: emit({ type: 'worker.paused' }),
    emitResumed: emit({ type: 'worker.resumed' }),
    emitUnavailable: emit((_, params: { failure: Failure }) => ({
      type: 'worker.unavailable',
      failure: params.failure,
    })),
    emitLoadFailed: emit((_, params: { failure: Failure }) => ({
      type: 'worker.loadFailed',
      failure: params.failure,
    })),
    emitDraining: emit(({ context }) => ({
      type: 'worker.draining',
      jobIds: rules.jobIds(context),
      timeoutMs: context.drainLimitMs,
    })),
    emitClosing: emit(({ context }) => rules.closingEvent(context)),
    emitClosed: emit(({ context }) => rules.closedEvent(context)),
    noteRegistered: assign(({ context }, params: { registration: string; workerId: string }) => ({
      entries: rules.withWorkerId(context.entries, params.registration, params.workerId),
    })),
    noteRead: assign(({ context }, params: StatusRead) => ({
      entries: rules.withKnowledge(context.entries, params.registration, params.status),
    })),
    forgetRegistration: enqueueActions(({ context, event, enqueue }) => {
      const id = rules.endedActor(event);
      enqueue.assign({ entries: rules.withoutRegistration(context.entries, id) });
      enqueue.stopChild(id);
    }),
    notePoolReady: assign({ isPoolReady: true }),
    notePoolFailing: assign({ isPoolReady: false }),
    noteLoad: assign(({ context }, params: { load: number }) => ({
      load: Number.isNaN(params.load) ? context.load : params.load,
      told: null,
    })),
    notePhase: assign(({ context }, params: { slot: string; phase: JobPhase }) => ({
      slots: rules.withPhase(context.slots, params.slot, params.phase),
    })),
    noteDrainTimeout: assign(({ context }, params: { timeoutMs?: number | null }) => ({
      drainLimitMs: params.timeoutMs === undefined ? context.drainTimeoutMs : params.timeoutMs,
    })),
    forgetDrainTimeout: assign({ drainLimitMs: ({ context }) => context.drainTimeoutMs }),
    noteClose: assign((_, params: { reason: CloseReason; cause: string }) => ({
      closeReason: params.reason,
      closeCause: params.cause,
    })),
    noteOrder: assign((_, params: { cause: string }) => ({
      closeReason: 'worker-closing' as const,
      closeCause: params.cause,
    })),
    noteAbandoned: assign({ abandoned: ({ context }) => rules.abandonedJobIds(context) }),
    noteFailure: assign(({ context }, params: { failure: Failure | null }) => ({
      failure: context.failure ?? params.failure,
    })),
    noteBug: assign(({ context }, params: { error: unknown }) => ({
      failure: context.failure ?? rules.internalFailure(params.error),
    })),
    freeSlot: enqueueActions(({ context, event, enqueue }) => {
      const slot = rules.endedActor(event);
      enqueue.assign({ slots: rules.withoutSlot(context.slots, slot) });
      enqueue.stopChild(slot);
    }),
    noteRegistrationFailure: assign(({ context, event }) => ({
      failure: context.failure ?? rules.registrationFailure(event),
    })),
    capacityChanged: raise({ type: 'worker.capacityChanged' }),
    refuse: enqueueActions(
      ({ context, enqueue }, params: { request: Request; reason: RejectReason }) => {
        if (rules.isAskedAgain(context, params.request)) return;
        const { registration, workerId, job } = params.request;
        const entry = context.entries[registration];
        if (entry !== undefined) enqueue.sendTo(entry.ref, rules.refusalCommand(job.id, workerId));
        enqueue.emit(rules.refusedEvent(params.request, params.reason));
      },
    ),
    answerLate: enqueueActions(
      ({ context, enqueue }, params: { registration: string; jobId: string; workerId: string }) => {
        const entry = context.entries[params.registration];
        if (entry !== undefined)
          enqueue.sendTo(entry.ref, rules.lateCommand(params.jobId, params.workerId));
      },
    ),
    tellJob: enqueueActions(
      ({ context, enqueue }, params: { jobId: string; command: JobCommand }) => {
        const slot = rules.slotOfJob(context, params.jobId);
        if (slot !== null) enqueue.sendTo(slot.ref, params.command);
      },
    ),
    tellRunningJobs: enqueueActions(({ context, enqueue }, params: { registration: string }) => {
      const entry = context.entries[params.registration];
      const jobIds = rules.runningJobIdsOf(context, params.registration);
      if (entry !== undefined) enqueue.sendTo(entry.ref, { type: 'worker.jobsRunning', jobIds });
    }),
    tellJobsLost: enqueueActions(({ context, enqueue }, params: { registration: string }) => {
      for (const slot of Object.values(context.slots)) {
        if (slot.registration === params.registration)
          enqueue.sendTo(slot.ref, { type: 'registration.lost' });
      }
    }),
    tellJobs: enqueueActions(({ context, enqueue }, params: { command: JobCommand }) => {
      for (const { ref } of Object.values(context.slots)) enqueue.sendTo(ref, params.command);
    }),
    refillPool: sendTo('pool', ({ context }) => ({
      type: 'pool.resize',
      numIdleProcesses: context.numIdleProcesses,
    })),
    tellPool: sendTo('pool', (_, params: { command: PoolCommand }) => params.command),
    closeRegistrations: enqueueActions(({ context, enqueue }) => {
      for (const { ref } of Object.values(context.entries)) {
        enqueue.sendTo(ref, { type: 'registration.close' });
      }
    }),
    simulateJob: enqueueActions(
      ({ context, enqueue }, params: { room: string; participantIdentity: string | null }) => {
        const entry = Object.values(context.entries)[0];
        if (entry !== undefined)
          enqueue.sendTo(entry.ref, { type: 'worker.simulateJob', ...params });
      },
    ),
  },
  guards: {
    isReady: ({ context }) => context.isPoolReady && rules.isRegistered(context),
    isKnownAvailable: ({ context }) => rules.isKnownAvailable(context),
    isNotKnownAvailable: ({ context }) => !rules.isKnownAvailable(context),
    isPoolFailing: ({ context }) => !context.isPoolReady,
    hasNoRoom: ({ context }) => rules.isFull(context) || rules.isOverloaded(context),
    hasRoom: ({ context }) => !rules.isFull(context) && !rules.isOverloaded(context),
    canAdmit: ({ context }, params: { job: Job }) => rules.refusal(context, params.job) === null,
    isKnownJob: ({ context }, params: { jobId: string }) =>
      rules.slotOfJob(context, params.jobId) !== null,
    hasDrainTimeout: ({ context }) => context.drainLimitMs !== null,
    hasFailed: ({ context }) => context.failure !== null,
    hasNoJobs: ({ context }) => rules.slotCount(context) === 0,
    hasNoRegistrations: ({ context }) => Object.keys(context.entries).length === 0,
  },
  delays: {
    drainTimeout: ({ context }) => clampDelay(context.drainLimitMs ?? Infinity),
    /** The jobs' own limit, then the kill ladder of their processes. */
    closeTimeout: ({ context }) => clampDelay(context.jobLimits.closeTimeoutMs + 10_000),
    killTimeout: 5_000,
    poolTimeout: 10_000,
    leaveTimeout: 3_000,
  },
});

/** The server is told what it may send: status and load always together, at once (R4). */
function tellStatus(wantsJobs: boolean) {
  return worker.enqueueActions(({ context, enqueue }) => {
    const status = rules.reportedStatus(context, wantsJobs);
    if (rules.isSameStatus(context.told, status)) return;
    enqueue.assign({ told: status });
    if (!wantsJobs) enqueue.assign({ entries: rules.withNothingKnown(context.entries) });
    for (const { ref } of Object.values(context.entries)) {
      enqueue.sendTo(ref, { type: 'worker.statusChanged', status });
    }
  });
}

/**
 * The program that registers with the server and owns the job processes: it admits or refuses each job request, spawns a
 * job for each admitted one, tells every registration at once what it can take, drains and closes.
 */
export const workerMachine = worker
  .extend({
    actions: {
      tellWanting: tellStatus(true),
      tellFull: tellStatus(false),
      /** Reserves a slot and spawns the job in it. Slot ids are pooled, so that event types stay few. */
      admit: worker.assign(({ context, event, spawn, self }) => {
        if (event.type !== 'registration.jobRequested') return {};
        const { registration, workerId, job } = event;
        const entry = context.entries[registration];
        if (entry === undefined) return {};
        const slot = rules.freeSlot(context.slots);
        const ref = spawn('job', {
          id: slot,
          systemId: slot,
          input: {
            slot,
            job,
            workerId,
            url: context.url,
            limits: context.jobLimits,
            registration: entry.ref,
            pool: context.pool,
            parent: self,
          },
        });
        const added = { ref, jobId: job.id, registration, workerId, phase: 'reserved' as const };
        return { slots: { ...context.slots, [slot]: added } };
      }),
    },
  })
  .createMachine({
    id: 'worker',
    description: 'The program that registers with the server and owns the job processes.',
    context: ({ input, spawn, self }) => ({
      ...input,
      pool: spawn('processPool', {
        id: 'pool',
        systemId: 'pool',
        input: {
          numIdleProcesses: input.numIdleProcesses,
          maxJobs: input.maxJobs,
          maxStarting: input.maxStarting,
          restartIntensity: input.restartIntensity,
          limits: input.processLimits,
          parent: self,
        },
      }),
      entries: Object.fromEntries(
        input.registrations.map(({ key, agentName, jobType, deployment }, index) => {
          const ref = spawn('registration', {
            id: `registration.${index + 1}`,
            systemId: `registration:${key}`,
            input: {
              key,
              agentName,
              jobType,
              deployment,
              version: input.version,
              permissions: input.permissions,
              maxRetry: input.maxRetry,
              parent: self,
            },
          });
          return [key, { ref, workerId: '', knowsAvailable: false }];
        }),
      ),
      slots: {},
      load: 0,
      told: null,
      isPoolReady: false,
      drainLimitMs: input.drainTimeoutMs,
      closeReason: 'worker-closing',
      closeCause: 'drained',
      abandoned: [],
      failure: null,
    }),
    output: ({ context }) => rules.output(context),
    invoke: {
      id: 'load',
      src: 'sampleLoad',
      onError: {
        description: 'Without a load monitor the last load stays; the cap of jobs still holds.',
        actions: {
          type: 'emitLoadFailed',
          params: ({ event }) => ({ failure: rules.internalFailure(event.error) }),
        },
      },
    },
    on: {
      'load.sampled': {
        description: 'Every 2.5 s; the status goes out with it.',
        actions: [
          { type: 'noteLoad', params: ({ event }) => ({ load: event.load }) },
          'capacityChanged',
        ],
      },
      'load.failed': {
        actions: { type: 'emitLoadFailed', params: ({ event }) => ({ failure: event.failure }) },
      },
      'registration.registered': {
        actions: [
          { type: 'noteRegistered', params: ({ event }) => event },
          { type: 'tellRunningJobs', params: ({ event }) => event },
        ],
      },
      'registration.lost': {
        description: 'Running jobs go on; those being decided or accepted are lost (R11).',
        actions: [
          {
            type: 'noteRegistered',
            params: ({ event }) => ({ registration: event.registration, workerId: '' }),
          },
          { type: 'tellJobsLost', params: ({ event }) => event },
        ],
      },
      'registration.statusRead': { actions: { type: 'noteRead', params: ({ event }) => event } },
      'registration.jobStatusRead': {
        description: 'A job whose slot is free needs no such news.',
        actions: {
          type: 'tellJob',
          params: ({ event }) => ({ jobId: event.jobId, command: { type: 'server.statusRead' } }),
        },
      },
      'registration.jobAssigned': [
        {
          guard: { type: 'isKnownJob', params: ({ event }) => ({ jobId: event.job.id }) },
          actions: {
            type: 'tellJob',
            params: ({ event }) => ({
              jobId: event.job.id,
              command: {
                type: 'server.jobAssigned',
                job: event.job,
                url: event.url,
                token: event.token,
              },
            }),
          },
        },
        {
          description: 'A late assignment: nobody waits for it, so the server is told FAILED.',
          actions: {
            type: 'answerLate',
            params: ({ event }) => ({
              registration: event.registration,
              jobId: event.job.id,
              workerId: event.workerId,
            }),
          },
        },
      ],
      'registration.jobTerminated': {
        description: 'News of an unknown or finished job is ignored (R6).',
        actions: {
          type: 'tellJob',
          params: ({ event }) => ({
            jobId: event.jobId,
            command: { type: 'server.jobTerminated' },
          }),
        },
      },
      'registration.jobRequested': {
        description: 'Job processes fail to get warm.',
        actions: { type: 'refuse', params: ({ event }) => ({ request: event, reason: 'warming' }) },
      },
      'job.phaseChanged': {
        actions: [{ type: 'notePhase', params: ({ event }) => event }, 'capacityChanged'],
      },
      'xstate.done.actor.job.*': {
        description: 'The job has its outcome: the slot is free.',
        actions: ['freeSlot', 'capacityChanged'],
      },
      'xstate.error.actor.job.*': {
        description: 'A bug in a job actor: the others go on, and no new job is taken.',
        target: '.draining',
        actions: [{ type: 'noteBug', params: ({ event }) => event }, 'freeSlot'],
      },
      'xstate.done.actor.registration.*': [
        {
          description: 'Refused for good, or maxRetry is used up, with nothing to wait for.',
          guard: 'hasNoJobs',
          target: '.closing',
          actions: ['forgetRegistration', 'noteRegistrationFailure'],
        },
        {
          description: 'maxRetry is used up: running jobs end, then the worker fails.',
          target: '.draining',
          actions: ['forgetRegistration', 'noteRegistrationFailure'],
        },
      ],
      'xstate.error.actor.registration.*': {
        description: 'A bug in a registration actor: running jobs end, then the worker fails.',
        target: '.draining',
        actions: ['forgetRegistration', { type: 'noteBug', params: ({ event }) => event }],
      },
      'xstate.done.actor.pool': {
        description: 'The agent can never work.',
        target: '.closing.leaving',
        actions: {
          type: 'noteFailure',
          params: ({ event }) => ({ failure: rules.poolFailure(event.output) }),
        },
      },
      'xstate.error.actor.pool': {
        description: 'A bug in the pool: the registry of processes ends what is left.',
        target: '.closing.leaving',
        actions: [{ type: 'noteBug', params: ({ event }) => event }, 'noteAbandoned'],
      },
      'worker.drain': {
        target: '.draining',
        actions: { type: 'noteDrainTimeout', params: ({ event }) => event },
      },
      'worker.close': {
        target: '.closing',
        actions: { type: 'noteOrder', params: ({ event }) => event },
      },
      'worker.kill': {
        target: '.closing.killing',
        actions: { type: 'noteOrder', params: ({ event }) => event },
      },
    },
    initial: 'starting',
    states: {
      starting: {
        description:
          'Registers and warms the first processes side by side. The server is told FULL until a process has proven that the agent works.',
        always: { guard: 'isReady', target: 'running' },
        on: {
          'pool.ready': { actions: 'notePoolReady' },
          'pool.recovered': { target: '.preparing', actions: 'notePoolReady' },
          'pool.failing': {
            target: '.unavailable',
            actions: ['notePoolFailing', { type: 'emitUnavailable', params: ({ event }) => event }],
          },
        },
        initial: 'preparing',
        states: {
          preparing: {
            description: 'Connections are opened, processes warm up.',
            on: {
              'registration.jobRequested': [
                {
                  description:
                    'Its claim waits for the first process, as long as the answer may take.',
                  guard: { type: 'canAdmit', params: ({ event }) => ({ job: event.job }) },
                  actions: 'admit',
                },
                {
                  actions: {
                    type: 'refuse',
                    params: ({ context, event }) => ({
                      request: event,
                      reason: rules.refusal(context, event.job) ?? 'full',
                    }),
                  },
                },
              ],
            },
          },
          unavailable: {
            description: 'Job processes fail to get warm: goes on trying slowly, and says so.',
          },
        },
      },
      running: {
        description: 'Registered, with a job process that works.',
        on: {
          'worker.pause': '.paused',
          'worker.simulateJob': {
            actions: {
              type: 'simulateJob',
              params: ({ event }) => ({
                room: event.room,
                participantIdentity: event.participantIdentity,
              }),
            },
          },
          'pool.failing': {
            target: '.unavailable',
            actions: ['notePoolFailing', { type: 'emitUnavailable', params: ({ event }) => event }],
          },
          'pool.ready': {
            description: 'It was told to drain before it had started, and that was called off.',
            target: '.deciding',
            actions: 'notePoolReady',
          },
          'pool.recovered': { target: '.deciding', actions: 'notePoolReady' },
        },
        initial: 'deciding',
        states: {
          deciding: {
            description: 'Looks whether there is room for a job.',
            always: [
              { guard: 'isPoolFailing', target: 'unavailable' },
              { guard: 'hasNoRoom', target: 'full' },
              { target: 'available' },
            ],
          },
          available: {
            description: 'Takes jobs. A slot is reserved at the request, before the answer.',
            entry: 'tellWanting',
            initial: 'announcing',
            states: {
              announcing: {
                description:
                  'A server that has not read it yet gives the job to nobody, and offers it never again.',
                always: { guard: 'isKnownAvailable', target: 'announced' },
              },
              announced: {
                description: 'Every server has read it: a dispatch comes here.',
                entry: 'emitAvailable',
                always: { guard: 'isNotKnownAvailable', target: 'announcing' },
              },
            },
            on: {
              'worker.capacityChanged': [
                { guard: 'hasNoRoom', target: 'full' },
                { actions: 'tellWanting' },
              ],
              'registration.jobRequested': [
                {
                  guard: { type: 'canAdmit', params: ({ event }) => ({ job: event.job }) },
                  actions: ['admit', 'capacityChanged'],
                },
                {
                  description: 'The job id already has a slot.',
                  actions: {
                    type: 'refuse',
                    params: ({ event }) => ({ request: event, reason: 'duplicate' }),
                  },
                },
              ],
            },
          },
          full: {
            description: 'All slots are taken, or the load reaches the threshold.',
            entry: ['tellFull', 'emitFull'],
            on: {
              'worker.capacityChanged': [
                { guard: 'hasRoom', target: 'available' },
                { actions: 'tellFull' },
              ],
              'registration.jobRequested': {
                actions: {
                  type: 'refuse',
                  params: ({ context, event }) => ({
                    request: event,
                    reason: rules.refusal(context, event.job) ?? 'full',
                  }),
                },
              },
            },
          },
          paused: {
            description: 'The operator wants no new jobs; running ones go on.',
            entry: ['tellFull', 'emitPaused'],
            on: {
              'worker.pause': { description: 'It is paused already.' },
              'worker.resume': { target: 'deciding', actions: 'emitResumed' },
              'worker.capacityChanged': { actions: 'tellFull' },
              'pool.failing': {
                actions: [
                  'notePoolFailing',
                  { type: 'emitUnavailable', params: ({ event }) => event },
                ],
              },
              'pool.ready': { actions: 'notePoolReady' },
              'pool.recovered': { actions: 'notePoolReady' },
              'registration.jobRequested': {
                actions: {
                  type: 'refuse',
                  params: ({ event }) => ({ request: event, reason: 'paused' }),
                },
              },
            },
          },
          unavailable: {
            description:
              'Job processes fail to get warm: no job is taken until one proves that the agent works again.',
            entry: 'tellFull',
            on: {
              'worker.capacityChanged': { actions: 'tellFull' },
            },
          },
        },
      },
      draining: {
        description:
          'No new jobs; every admitted one may end by itself (R16). It can be called off until the worker closes.',
        entry: [
          'tellFull',
          'emitDraining',
          { type: 'tellJobs', params: ({ context }) => ({ command: rules.drainCommand(context) }) },
          {
            type: 'tellPool',
            params: { command: { type: 'pool.resize', numIdleProcesses: 0 } },
          },
        ],
        always: { guard: 'hasNoJobs', target: 'closing' },
        on: {
          'worker.drain': { description: 'It drains already.' },
          'worker.resume': [
            {
              description: 'It cannot go on: what failed is final.',
              guard: 'hasFailed',
            },
            {
              description:
                'Takes jobs again: none has been cut yet. Sessions that were told of the drain may stay as long as they like.',
              target: 'running',
              actions: [
                'emitResumed',
                'forgetDrainTimeout',
                { type: 'tellJobs', params: { command: { type: 'worker.resumed' } } },
                'refillPool',
              ],
            },
          ],
          'pool.ready': { actions: 'notePoolReady' },
          'pool.recovered': { actions: 'notePoolReady' },
          'pool.failing': { actions: 'notePoolFailing' },
          'worker.capacityChanged': { actions: 'tellFull' },
          'registration.jobRequested': {
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ request: event, reason: 'draining' }),
            },
          },
          'xstate.done.actor.registration.*': { actions: 'forgetRegistration' },
          'xstate.error.actor.registration.*': {
            description: 'A bug in a registration actor: the worker drains already.',
            actions: ['forgetRegistration', { type: 'noteBug', params: ({ event }) => event }],
          },
          'xstate.error.actor.job.*': {
            description: 'A bug in a job actor: the worker drains already.',
            actions: ['freeSlot', { type: 'noteBug', params: ({ event }) => event }],
          },
        },
        after: {
          drainTimeout: {
            description: 'Sessions that are still running are ended in order.',
            guard: 'hasDrainTimeout',
            target: 'closing',
            actions: [
              'noteAbandoned',
              {
                type: 'noteClose',
                params: { reason: 'drain-timeout', cause: 'drain-timeout' },
              },
            ],
          },
        },
      },
      closing: {
        description: 'Sessions end, then the processes, then the connections.',
        entry: ['tellFull', 'emitClosing'],
        on: {
          'worker.drain': { description: 'It closes already.' },
          'worker.close': { description: 'It closes already.' },
          'worker.kill': { description: 'It is killed already, or all but closed.' },
          'registration.jobRequested': {
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ request: event, reason: 'not-running' }),
            },
          },
          'xstate.done.actor.registration.*': { actions: 'forgetRegistration' },
          'xstate.error.actor.registration.*': { actions: 'forgetRegistration' },
          'xstate.error.actor.job.*': { actions: 'freeSlot' },
        },
        initial: 'endingJobs',
        states: {
          endingJobs: {
            description: 'Each session gets its own budget, then the kill ladder.',
            entry: {
              type: 'tellJobs',
              params: ({ context }) => ({ command: rules.closeCommand(context) }),
            },
            always: { guard: 'hasNoJobs', target: 'stoppingPool' },
            on: {
              'worker.kill': {
                description: 'Not in order any more: now.',
                target: 'killing',
                actions: { type: 'noteOrder', params: ({ event }) => event },
              },
            },
            after: {
              closeTimeout: {
                description: 'Whatever is left is killed and named.',
                target: 'killing',
              },
            },
          },
          killing: {
            description:
              'Every job process group gets SIGKILL now. Requests that are being decided are answered first.',
            entry: [
              'noteAbandoned',
              {
                type: 'tellJobs',
                params: ({ context }) => ({ command: rules.closeCommand(context) }),
              },
              { type: 'tellPool', params: { command: { type: 'pool.kill' } } },
            ],
            on: { 'xstate.done.actor.pool': 'reaping' },
            after: { killTimeout: 'leaving' },
          },
          reaping: {
            description:
              'The processes are gone; their jobs tell the server and remove what stands in the rooms.',
            always: { guard: 'hasNoJobs', target: 'leaving' },
            after: { killTimeout: 'leaving' },
          },
          stoppingPool: {
            description: 'Warm processes exit at once.',
            entry: { type: 'tellPool', params: { command: { type: 'pool.stop' } } },
            on: {
              'worker.kill': {
                description: 'Not in order any more: now.',
                target: 'killing',
                actions: { type: 'noteOrder', params: ({ event }) => event },
              },
              'xstate.done.actor.pool': 'leaving',
            },
            after: { poolTimeout: 'killing' },
          },
          leaving: {
            description: 'The connections are closed with code 1000.',
            entry: 'closeRegistrations',
            always: { guard: 'hasNoRegistrations', target: '#worker.closed' },
            after: { leaveTimeout: '#worker.closed' },
          },
        },
      },
      closed: {
        description: 'Nothing is left.',
        type: 'final',
        entry: 'emitClosed',
      },
    },
  });
