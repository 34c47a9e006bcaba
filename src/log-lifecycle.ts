/** One line of log for each fact that the machines emit. Every line has the field `event`, for programs. */
import type { Logger } from 'pino';
import type { JobFacts, LifecycleEvent } from '../machines/events.ts';
import type { Failure } from '../machines/messages.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

interface Line {
  level: Level;
  text: string;
}

type Texts = {
  [Type in LifecycleEvent['type']]: (event: Extract<LifecycleEvent, { type: Type }>) => Line;
};

const debug = (text: string): Line => ({ level: 'debug', text });
const info = (text: string): Line => ({ level: 'info', text });
const warn = (text: string): Line => ({ level: 'warn', text });
const error = (text: string): Line => ({ level: 'error', text });

/** Some texts are what scripts of `@livekit/agents` users match already: `registered worker`, `draining worker` and others. */
const texts: Texts = {
  'registration.connecting': () => debug('connecting to the LiveKit server'),
  'registration.registered': () => info('registered worker'),
  'registration.lost': ({ reason }) =>
    warn(`lost the connection to the LiveKit server (${reason}); running jobs go on`),
  'registration.retrying': (event) => warn(retryText(event)),
  'registration.failed': ({ failure }) => error(failure.message),
  'registration.closed': () => debug('closed the connection to the LiveKit server'),

  'worker.available': () => info('worker is available'),
  'worker.full': ({ cause }) =>
    info(
      `worker is at full capacity, marking as unavailable (${cause === 'slots' ? 'all job slots are taken' : 'the load reaches loadThreshold'})`,
    ),
  'worker.paused': () => info('paused: no new jobs are taken'),
  'worker.resumed': () => info('resumed'),
  'worker.unavailable': ({ failure }) =>
    error(`worker takes no jobs, because job processes fail: ${failure.message}`),
  'worker.loadFailed': ({ failure }) => warn(`failed to measure the load: ${failure.message}`),
  'worker.draining': ({ jobIds }) =>
    info(`draining worker${jobIds.length === 0 ? '' : `: ${count(jobIds, 'job')} still running`}`),
  'worker.closing': ({ jobIds }) =>
    info(
      `shutting down worker${jobIds.length === 0 ? '' : `: ending ${count(jobIds, 'running job')}: ${jobIds.join(', ')}`}`,
    ),
  'worker.closed': ({ outcome, abandoned, failure }) => closedLine(outcome, abandoned, failure),

  'job.requested': () => info('received job request'),
  'job.rejected': ({ reason, detail }) =>
    info(`rejected job request: ${reason}${detail === '' ? '' : ` (${detail})`}`),
  'job.accepted': () => info('accepted job request'),
  'job.assigned': () => info('job assigned'),
  'job.launching': ({ attempt }) =>
    attempt === 1 ? debug('launching job') : warn(`launching job again (attempt ${attempt})`),
  'job.started': () => info('job started'),
  'job.connected': () => info('agent is in the room'),
  'job.reconnecting': () => warn('the connection to the room is being renewed'),
  'job.closing': ({ reason, detail }) =>
    info(`session is closing: ${reason}${detail === '' ? '' : ` (${detail})`}`),
  'job.warning': ({ step, failure }) => warn(`${step}: ${failure.message}`),
  'job.ended': (event) => endedLine(event),

  'pool.ready': () => debug('a job process has proven that the agent works'),
  'pool.failing': ({ failures, failure }) =>
    // The worker itself says what follows from it.
    debug(
      `${failures} job processes failed within a minute; starting slowly now: ${failure.message}`,
    ),
  'pool.recovered': () => info('job processes work again'),

  'process.starting': () => debug('starting job process'),
  'process.warm': ({ warmupMs }) => debug(`job process is warm after ${Math.round(warmupMs)} ms`),
  'process.claimed': () => debug('job process claimed'),
  'process.stopping': ({ cause }) => debug(`stopping job process: ${cause}`),
  'process.unresponsive': () => error('job is unresponsive'),
  'process.memory': ({ level, memoryBytes, limitBytes }) =>
    (level === 'limit' ? error : warn)(
      `job process takes ${megabytes(memoryBytes)} MB of memory, above the ${level === 'limit' ? 'limit' : 'warning'} of ${megabytes(limitBytes)} MB`,
    ),
  'process.exited': ({ failure }) =>
    failure === null ? debug('job process exited') : warn(failure.message),
};

/** Writes a line for each event; `more` gives further fields for some. */
export function logLifecycle(
  logger: Logger,
  more: (event: LifecycleEvent) => Record<string, unknown> = () => ({}),
): (event: LifecycleEvent) => void {
  return (event) => {
    const line = textOf(event);
    logger[line.level]({ ...fieldsOf(event), ...more(event) }, line.text);
  };
}

function textOf<Type extends LifecycleEvent['type']>(
  event: Extract<LifecycleEvent, { type: Type }>,
): Line {
  return texts[event.type](event);
}

/** The event itself, with `type` as `event` and the pid of a job process as `jobPid`: `pid` is who writes the line. */
function fieldsOf({ type, ...fields }: LifecycleEvent): Record<string, unknown> {
  if (!('pid' in fields)) return { event: type, ...fields };
  const { pid, ...rest } = fields;
  return { event: type, ...rest, jobPid: pid };
}

function retryText(event: Extract<LifecycleEvent, { type: 'registration.retrying' }>): string {
  const { reason, delayMs, attempt, maxRetry } = event;
  const tries = maxRetry === null ? `attempt ${attempt}` : `${attempt}/${maxRetry}`;
  return `failed to connect to LiveKit server (${reason}), retrying in ${(delayMs / 1000).toFixed(1)} seconds: (${tries})`;
}

function closedLine(outcome: string, abandoned: string[], failure: Failure | null): Line {
  if (failure !== null) return error(`worker failed: ${failure.message}`);
  if (abandoned.length > 0) {
    return warn(`worker closed; abandoned ${count(abandoned, 'job')}: ${abandoned.join(', ')}`);
  }
  return info(outcome === 'drained' ? 'worker drained' : 'worker closed');
}

function endedLine(event: Extract<LifecycleEvent, { type: 'job.ended' }> & JobFacts): Line {
  const { end, session, failure } = event;
  const why = session === null ? '' : ` (${session.reason})`;
  if (end === 'succeeded') return info(`job succeeded${why}`);
  const text = failure?.message ?? session?.detail ?? '';
  const message = text === '' ? '' : `: ${text}`;
  if (end === 'failed') return error(`job failed${why}${message}`);
  return warn(`job ${end}${message}`);
}

function count(items: string[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
