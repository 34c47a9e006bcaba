/** The page of the outcomes is made from the one table of them. */
import { expect, it } from 'vitest';
import type { JobEnd } from '../../machines/events.ts';
import { OUTCOMES } from '../../machines/session/outcomes.ts';
import { exitCodeOf } from '../../src/cli/signals.ts';
import { alignedTable } from './pages.ts';

const jobStatuses = { success: 'JS_SUCCESS', failed: 'JS_FAILED' };

const ends: Record<JobEnd, string> = {
  succeeded: 'The session ended, and its outcome is `succeeded`.',
  failed: 'The session ended, and its outcome is `failed`; or the job could not be launched.',
  unassigned: 'It was accepted, but the assignment did not come in time.',
  cancelled: 'It was ended before anything of it had run, such as by the server.',
  lost: 'The connection closed on which it was being decided or accepted.',
};

function outcomesPage(): string {
  const reasons = Object.entries(OUTCOMES).map(
    ([reason, { description, outcome, jobStatus, exitCode }]) => [
      `\`${reason}\``,
      description,
      `\`${outcome}\``,
      `\`${jobStatuses[jobStatus]}\``,
      String(exitCode),
    ],
  );
  const signals = (['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const).map((signal) => [
    String(exitCodeOf(signal)),
    `Ended by ${signal} before its jobs had ended.`,
  ]);
  return `# Outcomes

This page is made from [machines/session/outcomes.ts](../../machines/session/outcomes.ts); \`npm run docs\` writes it
anew.

## Why a session ends

The first reason wins. You get it in shutdown callbacks, in \`ctx.on('shutdown', …)\` and in the event \`job.ended\`. The outcome
decides what the server is told and how the job process exits.

${alignedTable(['reason', 'what happened', 'outcome', 'the server is told', 'exit code of the job process'], reasons)}

A job process that is killed has no exit code of its own.

## How a job ends

\`end\` of the event \`job.ended\`. A rejected job request ends with \`job.rejected\` instead: [why](events.md#reasons-of-a-rejection).

${alignedTable(
  ['end', 'meaning'],
  Object.entries(ends).map(([end, meaning]) => [`\`${end}\``, meaning]),
)}

## Exit codes of the worker program

${alignedTable(
  ['code', 'meaning'],
  [
    ['0', 'Drained: every job had ended by itself.'],
    ['1', 'Failed. One message on standard error says why, with its [code](errors.md).'],
    ...signals,
  ],
)}

[Signals](command-line.md#signals) has what each signal does.
`;
}

it('docs/reference/outcomes.md is what the machines say', async () => {
  await expect(outcomesPage()).toMatchFileSnapshot('../../docs/reference/outcomes.md');
});
