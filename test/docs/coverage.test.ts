/** The page of coverage: what `test/models/paths` proves of each machine. */
import { expect, it } from 'vitest';
import { pathsOf, type Proof } from '../models/paths/proof.ts';
import { type OnLiveKit, onLiveKit, sorted } from '../models/paths/on-livekit.ts';
import { proofs } from '../models/paths/proofs.ts';
import { statesOf, transitionsOf } from '../../src/testing/model/machine-parts.ts';
import { alignedTable } from './pages.ts';

function rowOf(proof: Proof): string[] {
  const { paths, missed } = pathsOf(proof);
  const states = statesOf(proof.machine.root).length;
  const transitions = transitionsOf(proof.machine).length;
  return [
    `[${proof.name}](machines/${proof.name}.md)`,
    `${states - missed.states.length} of ${states}`,
    `${transitions - missed.transitions.length} of ${transitions}`,
    String(paths.length),
    proof.world,
  ];
}

/** What a real server takes a machine along, and the reasons against the other paths with how many there are for each. */
function onLiveKitOf(one: OnLiveKit) {
  const { taken, excluded } = sorted(one);
  const { name, machine } = one.proof;
  const reached = new Set(taken.flatMap(({ transitions }) => transitions));
  const counts = new Map<string, number>();
  for (const { why } of excluded) counts.set(why, (counts.get(why) ?? 0) + 1);
  return {
    row: [
      name,
      `${taken.length} of ${taken.length + excluded.length}`,
      `${reached.size} of ${transitionsOf(machine).length}`,
    ],
    reasons: [...counts].map(([why, count]) => `- **${name}**, ${inWords(count)}: ${why}.`),
  };
}

const inWords = (count: number): string => (count === 1 ? '1 path' : `${count} paths`);

function liveKitSection(): string {
  const found = onLiveKit.map(onLiveKitOf);
  const headings = ['machine', 'paths', 'transitions'];
  const rows = found.map(({ row }) => row);
  return `## On a LiveKit server

\`npm run test:e2e\` takes the machines that hear a server along those of the paths above whose events a real LiveKit server can
cause: it answers the registration and its pings, offers, assigns and terminates jobs of real dispatches, deletes a room, and
refuses a token signed with a wrong secret; the connection is cut on the way. It stands behind the same gate. After every event
the machine is compared with the model. At the end it has taken each transition of the path, and the server has read all that
the worker said; unless the path has closed the connection, it is still open. Nobody joins its rooms: a job process here says
over its link what the path says, and has no media.

${alignedTable(headings, rows)}

The events that keep the other paths from it:

${found.flatMap(({ reasons }) => reasons).join('\n')}
`;
}

function faultSection(): string {
  const faults = onLiveKit.flatMap(({ proof, exclusions }) =>
    exclusions.filter(({ isFault }) => isFault).map(({ why }) => `- **${proof.name}**: ${why}.`),
  );
  return `## What the embedded server has to be told to do

It behaves as LiveKit's does, which has no reason for some events. It causes them by its
[faults](../how-to/test-on-the-embedded-server.md#let-it-fail), over the same connections:

${faults.join('\n')}
`;
}

function coveragePage(): string {
  const headings = ['machine', 'states', 'transitions', 'paths', 'what is real'];
  const doubles = proofs.flatMap(({ name, doubles: own }) =>
    own.map((double) => `- **${name}**: ${double}.`),
  );
  return `# Coverage

Paths are made from each machine: the shortest ways that together reach every state and take every transition, as
[Test a machine of yours](../how-to/test-a-machine.md) shows. \`npm test\` walks each of them **on the real implementation**,
compares it with the model after every event, and fails when a state or a transition was not reached. Timers go off when a path
says so; sockets, processes, signals and HTTP calls are real. The server is the embedded one, anew for each path, behind a gate:
each of its messages, and each of its answers to the room API, is held back until the path says that it comes.

${alignedTable(headings, proofs.map(rowOf))}

## What a double has to cause

Some errors no real actor can be brought to. The double is the real actor, made to fail once:

${doubles.join('\n')}

${faultSection()}
${liveKitSection()}
[Mutants](mutants.md) says what the tests make of machines that lack something.
`;
}

it('the page of coverage is what the paths reach', { timeout: 60_000 }, async () => {
  await expect(coveragePage()).toMatchFileSnapshot('../../docs/reference/coverage.md');
});
