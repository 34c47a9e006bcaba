/** The page of the conformance cases: what runs on which server, and what the embedded one does otherwise. */
import { alignedTable } from '../docs/pages.ts';
import type { ConformanceCase } from './case.ts';

/** What no case is about. */
const deviations = [
  'A simulated job without a room crashes the real server. The embedded one cuts the connection.',
  'More than 25 dispatches at once, while names are collected, block the real server for seconds: it has 50 threads for them, and two wait for each. The embedded one has no threads.',
  'On the real server a report that comes in the instant of the assignment may be lost (C95).',
  'Between the last leave and its note in the room the real server may close a room too early. The embedded one does both at once.',
  'Messages that are not set are `null` in the JSON of the real API, and missing in that of the embedded one.',
  'The life of tokens is counted in the time of the machine, also when the embedded server has another clock.',
  'There is no media, and none of the endpoints that are about it. Participants are played by the test.',
];

/** The text of `docs/reference/conformance.md`. */
export function conformancePage(cases: readonly ConformanceCase[]): string {
  const rows = cases.map(({ id, title, not = {} }) => [
    id,
    title,
    not.embedded === undefined ? '✓' : '',
    not['livekit-server'] === undefined ? '✓' : '',
  ]);
  const notes = cases.flatMap(({ id, not = {}, remark }) => [
    ...(not.embedded === undefined
      ? []
      : [`- **${id}** not on the embedded server: ${not.embedded}`]),
    ...(not['livekit-server'] === undefined
      ? []
      : [`- **${id}** not on the real server: ${not['livekit-server']}`]),
    ...(remark === undefined ? [] : [`- **${id}** ${remark}`]),
  ]);
  return `# Conformance

\`greenroom/testing\` has an [embedded LiveKit server](../how-to/test-on-the-embedded-server.md). It is as good as it is like
the real one. So each case of the protocol is written once, in \`test/conformance/cases\`, and runs on both: on the embedded server
with its preset \`strict\`, and on livekit-server 1.13.5. \`npm run docs\` writes this page anew.

${alignedTable(['case', 'what holds', 'embedded', 'livekit-server'], rows)}

## Not on both

${notes.join('\n')}

## What the embedded server does otherwise

${deviations.map((text) => `- ${text}`).join('\n')}
`;
}
