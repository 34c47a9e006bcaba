/** The page of the events is made from the events themselves and from what the log makes of them. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { JobFacts, LifecycleEvent } from '../../machines/events.ts';
import type { RejectReason } from '../../machines/messages.ts';
import { logLifecycle } from '../../src/log-lifecycle.ts';
import { samples } from './lifecycle-samples.ts';
import { alignedTable } from './pages.ts';

type FieldsOf<Event> = Event extends { type: string } ? Exclude<keyof Event, 'type'> : never;

const groups: Record<string, string> = {
  registration: 'Registration',
  worker: 'Worker',
  job: 'Job',
  pool: 'Process pool',
  process: 'Job process',
};

const factsOfJobs: readonly string[] = Object.keys({
  workerId: '',
  jobId: '',
  dispatchId: '',
  agentName: '',
  room: '',
} satisfies JobFacts);

const fields: Record<FieldsOf<LifecycleEvent>, string> = {
  abandoned: 'The ids of jobs that were still running when the worker ended.',
  agentName: 'The agent name of the registration or of the job; empty with automatic dispatch.',
  attempt: 'How many attempts failed before; of a launch, its number.',
  cause: '`slots` or `load`; of an end, what asked for it.',
  code: 'The exit code; `null` when a signal ended the process.',
  delayMs: 'How long until the next attempt.',
  detail: 'The text given with the reason, or what an error said; empty when there is none.',
  dispatchId: 'The dispatch the job was made by.',
  end: 'How the job ended: [outcomes](outcomes.md#how-a-job-ends).',
  failure: '`{ code, message, stack? }` with an [error code](errors.md), or `null`.',
  failures: 'How many processes failed.',
  identity: 'The identity of the agent in the room.',
  jobId: 'The job.',
  jobIds: 'The jobs that still run.',
  level: '`warn` or `limit`.',
  limitBytes: 'What it should not take.',
  maxRetry: 'The option; `null` when there is no limit.',
  memoryBytes: 'What it takes.',
  outcome: '`drained`, `closed` or `failed`.',
  pid: 'The id of the job process; `jobPid` in the log.',
  process: 'The job process among those of the worker, such as `process:1`.',
  reason:
    'Why: of a rejection [see below](#reasons-of-a-rejection), of a session [outcomes](outcomes.md#why-a-session-ends), else a text.',
  registration: 'The key of the registration.',
  room: 'The name of the room.',
  roomSid: 'The id of the room.',
  serverInfo: 'What the server tells of itself.',
  session: '`{ outcome, reason, detail, failure }` of the session, or `null`.',
  signal: 'The signal that ended the process, or `null`.',
  status: '`{ status, load, jobCount }` as the server is told.',
  step: 'The step of the session.',
  timeoutMs: 'How long the drain waits; `null` for ever.',
  warmupMs: 'How long it took from the start of the process.',
  workerId: "The server's id of the connection.",
};

const rejections: Record<RejectReason, string> = {
  rejected: '`requestFunc` said no.',
  terminated: '`requestFunc` said no and ended the dispatch.',
  'request-failed': '`requestFunc` threw.',
  'no-answer': '`requestFunc` returned without an answer.',
  'request-timeout': '`requestFunc` did not answer in time.',
  full: 'All `maxJobs` slots are taken.',
  overloaded: 'The load, with what the reserved slots will cost, reaches `loadThreshold`.',
  paused: 'The worker is paused.',
  draining: 'The worker drains.',
  'not-running': 'The worker is closing, or does not run yet.',
  warming:
    'No job process has proven that the agent works, none came up in time, or too many jobs wait for one.',
  duplicate: 'The job has a slot already.',
};

/** The level and the text that the log has for an event. */
function lineOf(event: LifecycleEvent): string[] {
  let line = '';
  const options = { level: 'trace', formatters: { level: (label: string) => ({ level: label }) } };
  logLifecycle(pino(options, { write: (text) => (line = text) }))(event);
  const { level, msg } = JSON.parse(line) as { level: string; msg: string };
  return [level, msg];
}

function rowsOf(group: string): string[][] {
  return Object.values(samples)
    .flat()
    .filter(({ event }) => event.type.startsWith(`${group}.`))
    .map(({ event, when }) => {
      const own = Object.keys(event).filter(
        (field) => field !== 'type' && !(group === 'job' && factsOfJobs.includes(field)),
      );
      const names = own.map((field) => `\`${field}\``).join(', ');
      return [`\`${event.type}\``, when, ...lineOf(event), names];
    });
}

const code = (text: string) => `\`${text}\``;
const described = (texts: Record<string, string>) =>
  Object.entries(texts).map(([name, text]) => [code(name), text]);

const section = ([group, title]: [string, string]) => `## ${title}
${group === 'job' ? `\nEach of these also has ${factsOfJobs.map(code).join(', ')}.\n` : ''}
${alignedTable(['event', 'when', 'level', 'line of the log', 'fields'], rowsOf(group))}`;

const eventsPage = () => `# Events

This page is made from the events and from the log; \`npm run docs\` writes it anew. The values in the lines are examples.

Listen to a worker with \`worker.on('job.ended', listener)\`, or with \`'*'\` to every event; what \`on()\` returns ends it. What a
listener throws is logged and hurts nobody. Events carry no time: they are told as they happen.

Each event is also a line of the log. \`event\` is its type, and the other fields are those of the event.

${Object.entries(groups).map(section).join('\n\n')}

## Fields

${alignedTable(['field', 'meaning'], described(fields))}

## Reasons of a rejection

${alignedTable(['reason', 'meaning'], described(rejections))}
`;

it('docs/reference/events.md is what the worker tells', async () => {
  await expect(eventsPage()).toMatchFileSnapshot('../../docs/reference/events.md');
});

it('every event is of a group that the page has', () => {
  const prefixes = Object.keys(samples).map((type) => type.split('.')[0] ?? '');
  expect([...new Set(prefixes)]).toEqual(Object.keys(groups));
});
