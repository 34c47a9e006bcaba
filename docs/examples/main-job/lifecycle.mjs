/** Turns a worker's JSON log into sentences. Every lifecycle fact is a log line whose field `event` names it. */

/**
 * @typedef {import('./narrator.mjs').Remark} Remark
 * @typedef {import('../../../machines/events.ts').LifecycleEvent} LifecycleEvent
 */

/**
 * A lifecycle fact as it stands in the log: without its type, which is in `event`.
 * @template {LifecycleEvent['type']} Type
 * @typedef {Extract<LifecycleEvent, { type: Type }>} Fact
 */

/** @typedef {{ [Type in LifecycleEvent['type']]: ((fact: Fact<Type>) => Omit<Remark, 'at'>) | null }} Sentences */

const infoLevel = 30;
const warnLevel = 40;

/**
 * @param {string} text
 * @param {Remark['tone']} [tone]
 * @returns {Omit<Remark, 'at'>}
 */
const worker = (text, tone = 'plain') => ({ who: 'worker', text, tone });

/**
 * @param {{ pid?: number | null }} fact
 * @param {string} text
 * @param {Remark['tone']} [tone]
 * @returns {Omit<Remark, 'at'>}
 */
const jobProcess = ({ pid }, text, tone = 'plain') => ({
  who: 'job process',
  pid: pid ?? null,
  text,
  tone,
});

/**
 * A sentence for each fact; `null` for those that another one tells as well.
 * @type {Sentences}
 */
const sentences = {
  'registration.connecting': null,
  'registration.registered': ({ agentName, workerId }) =>
    worker(`registered with the server as ${workerId} for the agent "${agentName}"`, 'important'),
  'registration.lost': ({ reason }) =>
    worker(`lost the connection to the server: ${reason}`, 'bad'),
  'registration.retrying': ({ delayMs, attempt }) =>
    worker(`connects again in ${delayMs} ms (attempt ${attempt})`, 'bad'),
  'registration.failed': ({ failure }) => worker(`could not register: ${failure.message}`, 'bad'),
  'registration.closed': () => worker('has left the server'),

  'worker.available': () => worker('is available: the server may offer it jobs', 'important'),
  'worker.full': ({ cause }) => worker(`is full (${cause})`),
  'worker.paused': () => worker('is paused'),
  'worker.resumed': () => worker('takes jobs again'),
  'worker.unavailable': ({ failure }) => worker(`takes no jobs: ${failure.message}`, 'bad'),
  'worker.loadFailed': ({ failure }) =>
    worker(`cannot measure its load: ${failure.message}`, 'bad'),
  'worker.draining': ({ jobIds }) =>
    worker(`drains: no new jobs, ${jobIds.length} still running`, 'important'),
  'worker.closing': ({ cause }) => worker(`closes (${cause})`),
  'worker.closed': ({ outcome }) => worker(`is closed: ${outcome}`, 'important'),

  'job.requested': ({ jobId, room }) =>
    worker(`is offered the job ${jobId} in the room ${room}`, 'important'),
  'job.rejected': ({ jobId, reason, detail }) =>
    worker(`rejects the job ${jobId}: ${reason} ${detail}`.trim(), 'bad'),
  'job.accepted': ({ identity }) => worker(`accepts it, as the participant "${identity}"`),
  'job.assigned': () => worker('is assigned the job: it has the token for the room'),
  'job.launching': ({ process, attempt }) =>
    worker(`hands it to ${process}${attempt > 1 ? ` (attempt ${attempt})` : ''}`),
  'job.started': (fact) => jobProcess(fact, "runs the agent's entry function", 'important'),
  'job.connected': ({ roomSid }) => worker(`the agent is in the room (${roomSid})`),
  'job.reconnecting': () => worker('the agent lost its room and connects again', 'bad'),
  'job.closing': ({ reason }) => worker(`the session closes: ${reason}`, 'important'),
  'job.warning': ({ step, failure }) =>
    worker(`warning at the step ${step}: ${failure.message}`, 'bad'),
  'job.ended': ({ end, session }) =>
    worker(
      `the job has ended: ${end}${session ? ` (${session.reason})` : ''}`,
      end === 'succeeded' ? 'important' : 'bad',
    ),

  'pool.ready': null,
  'pool.failing': ({ failures, failure }) =>
    worker(`${failures} job processes failed: ${failure.message}`, 'bad'),
  'pool.recovered': () => worker('can start job processes again'),

  'process.starting': (fact) => jobProcess(fact, `starts, as ${fact.process}`),
  'process.warm': (fact) =>
    jobProcess(fact, `is warm after ${fact.warmupMs} ms: agent loaded, prewarm done`),
  'process.claimed': (fact) => jobProcess(fact, 'is claimed for a job'),
  'process.stopping': null,
  'process.unresponsive': (fact) => jobProcess(fact, 'does not answer', 'bad'),
  'process.memory': (fact) =>
    jobProcess(fact, `takes ${fact.memoryBytes} bytes of memory (${fact.level})`, 'bad'),
  'process.exited': (fact) =>
    jobProcess(
      fact,
      `has ended: ${fact.signal ?? `exit code ${fact.code}`}`,
      fact.code === 0 ? 'plain' : 'bad',
    ),
};

/**
 * The same by the name in a log line, which may be one that this table does not know.
 * @type {Record<string, ((fact: unknown) => Omit<Remark, 'at'>) | null>}
 */
const sentenceOf = {
  .../** @type {Record<string, (fact: unknown) => Omit<Remark, 'at'>>} */ (sentences),
  'worker.starting': null,
};

/**
 * What to tell of a line of the worker's log; `null` for a line that need not be told.
 * @param {Record<string, unknown>} line
 * @param {number} workerPid
 * @returns {Remark | null}
 */
export function tellLogLine(line, workerPid) {
  const remark = 'event' in line ? tellFact(line) : tellMessage(line, workerPid);
  if (remark === null) return null;
  const pid = remark.who === 'worker' ? workerPid : (remark.pid ?? null);
  return { ...remark, pid, at: timeOf(line) };
}

/**
 * @param {Record<string, unknown>} line
 * @returns {Omit<Remark, 'at'> | null}
 */
function tellFact(line) {
  const type = String(line['event']);
  const sentence = sentenceOf[type];
  // What the program around the worker tells has words of its own: signals, a crash.
  if (sentence === undefined) return worker(typeof line['msg'] === 'string' ? line['msg'] : type);
  // In the log `pid` is who writes the line; the job process that a fact speaks of is `jobPid`.
  return sentence?.({ ...line, type, pid: line['jobPid'] }) ?? null;
}

/**
 * What an agent logs is told; of what the worker logs besides its facts, only warnings and errors.
 * @param {Record<string, unknown>} line
 * @param {number} workerPid
 * @returns {Omit<Remark, 'at'> | null}
 */
function tellMessage({ level, pid, msg }, workerPid) {
  if (typeof msg !== 'string' || Number(level) < infoLevel) return null;
  const bad = Number(level) >= warnLevel;
  if (pid !== workerPid) return jobProcess({ pid: Number(pid) }, msg, bad ? 'bad' : 'plain');
  return bad ? worker(msg, 'bad') : null;
}

/**
 * When a line was logged, in milliseconds since 1970.
 * @param {Record<string, unknown>} line
 */
export function timeOf({ time }) {
  if (typeof time === 'number') return time;
  const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? Date.now() : parsed;
}

/**
 * Messages of the LiveKit server's log that matter here, as sentences.
 * @type {Record<string, (line: Record<string, unknown>) => string>}
 */
const serverSentences = {
  'worker registered': ({ workerID }) => `has registered the worker ${workerID}`,
  'assigned job to worker': ({ jobID, workerID }) =>
    `assigns the job ${jobID} to the worker ${workerID}`,
  'participant active': ({ participant, room }) => `"${participant}" is in the room ${room}`,
  'mediaTrack published': ({ participant, kind }) => `"${participant}" publishes ${kind}`,
  'participant closing': ({ participant, reason }) => `"${participant}" leaves: ${reason}`,
  'closing idle room': ({ room, reason }) => `closes the room ${room}: ${reason}`,
  'job ended': ({ jobID, status }) => `records the job ${jobID} as ${status}`,
};

/**
 * What to tell of a line of the server's log.
 * @param {Record<string, unknown>} line
 * @param {number} pid
 * @returns {Remark | null}
 */
export function tellServerLine(line, pid) {
  const sentence = serverSentences[String(line['msg'])];
  return sentence === undefined ? null : { who: 'server', pid, text: sentence(line) };
}
