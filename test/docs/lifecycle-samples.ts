/** One event of each kind, complete, and more where the log says it in another way: the page of the events is made from them. */
import type { LifecycleEvent } from '../../machines/events.ts';
import type { Failure, ServerInfo, SessionOutcome, WorkerStatus } from '../../machines/messages.ts';

/** An event, when it is told, and what is special about this sample of it. */
export interface Sample<Event> {
  event: Event;
  when: string;
}

type Samples = {
  [Type in LifecycleEvent['type']]: Sample<Extract<LifecycleEvent, { type: Type }>>[];
};

const failure: Failure = { code: 'GR_INTERNAL', message: 'what went wrong' };
const serverInfo: ServerInfo = {
  edition: 0,
  version: '1.13.5',
  protocol: 17,
  region: '',
  nodeId: 'ND_1',
  debugInfo: '',
  agentProtocol: 0,
};
const status: WorkerStatus = { status: 'available', load: 0.2, jobCount: 1 };
const job = {
  workerId: 'AW_1',
  jobId: 'AJ_1',
  dispatchId: 'AD_1',
  agentName: 'greeter',
  room: 'lobby',
};
const session: SessionOutcome = {
  outcome: 'succeeded',
  reason: 'room-closed',
  detail: '',
  failure: null,
};
const registration = 'greeter';
const process = { process: 'process:1', pid: 4711 };

const retry = { delayMs: 1500, attempt: 2 };
const memory = { memoryBytes: 1_200_000_000, limitBytes: 1_000_000_000 };

/** The samples by the type of their event. */
export const samples: Samples = {
  'registration.connecting': [
    {
      event: { type: 'registration.connecting', registration, attempt: 0 },
      when: 'A connection is being made.',
    },
  ],
  'registration.registered': [
    {
      event: {
        type: 'registration.registered',
        registration,
        agentName: 'greeter',
        workerId: 'AW_1',
        serverInfo,
      },
      when: 'The server has taken the worker.',
    },
  ],
  'registration.lost': [
    {
      event: { type: 'registration.lost', registration, reason: 'closed with code 1006' },
      when: 'The connection is gone. Running jobs go on.',
    },
  ],
  'registration.retrying': [
    {
      event: {
        type: 'registration.retrying',
        registration,
        reason: 'HTTP 503',
        ...retry,
        maxRetry: null,
      },
      when: 'An attempt has failed, another one follows.',
    },
    {
      event: {
        type: 'registration.retrying',
        registration,
        reason: 'HTTP 503',
        ...retry,
        maxRetry: 5,
      },
      when: 'The same, with `maxRetry`.',
    },
  ],
  'registration.failed': [
    {
      event: { type: 'registration.failed', registration, failure },
      when: 'There is no further attempt. The text is that of the failure.',
    },
  ],
  'registration.closed': [
    {
      event: { type: 'registration.closed', registration },
      when: 'The worker has left the server.',
    },
  ],

  'worker.available': [
    {
      event: { type: 'worker.available', status },
      when: 'The server has read that jobs can be taken.',
    },
  ],
  'worker.full': [
    { event: { type: 'worker.full', status, cause: 'slots' }, when: '`maxJobs` is reached.' },
    { event: { type: 'worker.full', status, cause: 'load' }, when: 'The load is too high.' },
  ],
  'worker.paused': [{ event: { type: 'worker.paused' }, when: '`worker.pause()` was called.' }],
  'worker.resumed': [
    {
      event: { type: 'worker.resumed' },
      when: '`worker.resume()` was called: jobs are taken again.',
    },
  ],
  'worker.unavailable': [
    {
      event: { type: 'worker.unavailable', failure },
      when: 'No job process can be made. It is tried on, slowly.',
    },
  ],
  'worker.loadFailed': [
    {
      event: { type: 'worker.loadFailed', failure },
      when: 'The load could not be measured. The last value stays.',
    },
  ],
  'worker.draining': [
    {
      event: { type: 'worker.draining', jobIds: ['AJ_1'], timeoutMs: 3_600_000 },
      when: 'No new jobs are taken.',
    },
  ],
  'worker.closing': [
    {
      event: { type: 'worker.closing', cause: 'SIGTERM', jobIds: ['AJ_1'] },
      when: 'Running sessions are closed.',
    },
  ],
  'worker.closed': [
    {
      event: { type: 'worker.closed', outcome: 'drained', abandoned: [], failure: null },
      when: 'Every job had ended by itself.',
    },
    {
      event: { type: 'worker.closed', outcome: 'closed', abandoned: [], failure: null },
      when: 'It was closed.',
    },
    {
      event: { type: 'worker.closed', outcome: 'closed', abandoned: ['AJ_1'], failure: null },
      when: 'Jobs did not end in time.',
    },
    {
      event: { type: 'worker.closed', outcome: 'failed', abandoned: [], failure },
      when: 'It failed.',
    },
  ],

  'job.requested': [{ event: { type: 'job.requested', ...job }, when: 'The server offers a job.' }],
  'job.rejected': [
    {
      event: { type: 'job.rejected', reason: 'rejected', detail: 'too late', ...job },
      when: 'It was not accepted.',
    },
  ],
  'job.accepted': [
    {
      event: { type: 'job.accepted', identity: 'agent-AJ_1', ...job },
      when: '`requestFunc` accepted it.',
    },
  ],
  'job.assigned': [
    {
      event: { type: 'job.assigned', ...job },
      when: 'The server has given the job to the worker.',
    },
  ],
  'job.launching': [
    {
      event: { type: 'job.launching', process: 'process:1', attempt: 1, ...job },
      when: 'A job process was told to start it.',
    },
    {
      event: { type: 'job.launching', process: 'process:1', attempt: 2, ...job },
      when: 'Another one was told to, since the first could not.',
    },
  ],
  'job.started': [
    { event: { type: 'job.started', ...process, ...job }, when: '`entry` was called.' },
  ],
  'job.connected': [
    {
      event: { type: 'job.connected', roomSid: 'RM_1', identity: 'agent-AJ_1', ...job },
      when: 'The agent is in the room.',
    },
  ],
  'job.reconnecting': [
    {
      event: { type: 'job.reconnecting', ...job },
      when: 'The agent lost its room and connects again.',
    },
  ],
  'job.closing': [
    {
      event: { type: 'job.closing', reason: 'agent-ended', detail: 'goodbye', ...job },
      when: 'The session closes.',
    },
  ],
  'job.warning': [
    {
      event: { type: 'job.warning', step: 'callbacks', failure, ...job },
      when: 'A step failed or ran out of time. The rest still runs.',
    },
  ],
  'job.ended': [
    {
      event: { type: 'job.ended', end: 'succeeded', session, failure: null, ...job },
      when: 'It succeeded.',
    },
    {
      event: { type: 'job.ended', end: 'failed', session: null, failure, ...job },
      when: 'It failed.',
    },
    {
      event: { type: 'job.ended', end: 'unassigned', session: null, failure: null, ...job },
      when: 'It ended before it had started. So for `cancelled` and `lost`.',
    },
  ],

  'pool.ready': [
    { event: { type: 'pool.ready' }, when: 'The first process has proven that the agent works.' },
  ],
  'pool.failing': [
    {
      event: { type: 'pool.failing', failure, failures: 3 },
      when: 'Too many processes failed. Starts are slowed down.',
    },
  ],
  'pool.recovered': [{ event: { type: 'pool.recovered' }, when: 'Processes work again.' }],

  'process.starting': [
    { event: { type: 'process.starting', ...process }, when: 'A job process is started.' },
  ],
  'process.warm': [
    {
      event: { type: 'process.warm', ...process, warmupMs: 312 },
      when: 'The agent is loaded, `prewarm` is done.',
    },
  ],
  'process.claimed': [
    { event: { type: 'process.claimed', ...process }, when: 'It belongs to a job now.' },
  ],
  'process.stopping': [
    {
      event: { type: 'process.stopping', ...process, cause: 'worker-closing' },
      when: 'It was asked to end.',
    },
  ],
  'process.unresponsive': [
    {
      event: { type: 'process.unresponsive', ...process },
      when: 'It did not answer in time, and is killed.',
    },
  ],
  'process.memory': [
    {
      event: { type: 'process.memory', ...process, ...memory, level: 'warn' },
      when: 'It takes more memory than `jobMemoryWarnMB`.',
    },
    {
      event: { type: 'process.memory', ...process, ...memory, level: 'limit' },
      when: 'It takes more than `jobMemoryLimitMB`, and is stopped.',
    },
  ],
  'process.exited': [
    {
      event: { type: 'process.exited', ...process, code: 0, signal: null, failure: null },
      when: 'It has ended.',
    },
    {
      event: { type: 'process.exited', ...process, code: 1, signal: null, failure },
      when: 'It has failed. The text is that of the failure.',
    },
  ],
};
