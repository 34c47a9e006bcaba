/** The table at the end of a run: each step, how long it took, and what took the time. */

/**
 * What lies between two moments of a job, and why it takes what it takes.
 * @type {{ name: string, from: string, to: string, note: string }[]}
 */
const spans = [
  {
    name: 'dispatched → job request',
    from: 'call.dispatched',
    to: 'job.requested',
    note: 'the server takes 200 ms to choose a worker',
  },
  { name: 'job request → accepted', from: 'job.requested', to: 'job.accepted', note: '' },
  { name: 'accepted → assigned', from: 'job.accepted', to: 'job.assigned', note: '' },
  {
    name: 'assigned → entry runs',
    from: 'job.assigned',
    to: 'job.started',
    note: 'in a job process that was warm',
  },
  { name: 'entry runs → in the room', from: 'job.started', to: 'job.connected', note: '' },
  {
    name: 'hung up → session closes',
    from: 'call.hungUp',
    to: 'job.closing',
    note: 'the room stays for its departure timeout, 2 s in whole seconds',
  },
  { name: 'session closes → job ended', from: 'job.closing', to: 'job.ended', note: '' },
];

const tookWidth = 9;
const nameWidth = 32;

/**
 * The rows of a job, as far as its moments are known.
 * @param {ReadonlyMap<string, number>} moments Milliseconds since 1970.
 * @returns {import('./steps.mjs').Row[]}
 */
export function rowsOfJob(moments) {
  return spans.flatMap(({ name, from, to, note }) => {
    const [start, end] = [moments.get(from), moments.get(to)];
    // The simulated server asks a worker before the caller hears that the agent is dispatched.
    return start === undefined || end === undefined || end < start
      ? []
      : [{ name: `  ${name}`, tookMs: end - start, result: note }];
  });
}

/**
 * @param {import('./narrator.mjs').Narrator} narrator
 * @param {readonly import('./steps.mjs').Row[]} rows
 */
export function printSummary(narrator, rows) {
  narrator.print();
  narrator.print(narrator.paint('bold', 'The main job, step by step'));
  for (const { name, tookMs, result } of rows) {
    const took = `${Math.round(tookMs)} ms`.padStart(tookWidth);
    narrator.print(
      `${narrator.paint('gray', took)}  ${name.padEnd(nameWidth)}  ${narrator.paint('gray', result)}`.trimEnd(),
    );
  }
}
