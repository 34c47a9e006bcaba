/** The page of the job context has every member, and no other. The records are complete, or the types do not compile. */
import { describe, expect, it } from 'vitest';
import type { AgentDefinition } from '../../src/child/agent-definition.ts';
import { JobContext } from '../../src/child/job-context.ts';
import { JobProcess } from '../../src/child/job-process.ts';
import type { SessionEvents } from '../../src/child/session-listeners.ts';
import { JobRequest } from '../../src/job-request.ts';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

const page = readPage('docs/reference/job-context.md');

const agent: Record<keyof AgentDefinition, true> = {
  entry: true,
  session: true,
  prewarm: true,
  onSessionEnd: true,
};
const context: Record<Exclude<keyof JobContext, 'shutdownCallbacks'>, true> = {
  signal: true,
  logger: true,
  inspect: true,
  proc: true,
  job: true,
  workerId: true,
  room: true,
  info: true,
  isFakeJob: true,
  agent: true,
  sessionDirectory: true,
  tokenClaims: true,
  connect: true,
  waitForParticipant: true,
  addParticipantEntrypoint: true,
  addShutdownCallback: true,
  shutdown: true,
  endSession: true,
  deleteRoom: true,
  on: true,
};
const jobProcess: Record<keyof JobProcess, true> = { userData: true, pid: true };
const request: Record<keyof JobRequest, true> = {
  id: true,
  job: true,
  room: true,
  publisher: true,
  agentName: true,
  accept: true,
  reject: true,
};
const events: Record<keyof SessionEvents, true> = { drain: true, shutdown: true };

const rowsOf = (heading: string) => tableRows(sectionOf(page, heading));

describe('docs/reference/job-context.md', () => {
  it.each([
    ['Agent', agent],
    ['JobContext', context],
    ['JobProcess', jobProcess],
    ['JobRequest', request],
  ])('has every member of %s', (heading, members) => {
    const names = rowsOf(heading).map(([cell]) => /^\w+/.exec(codeOf(cell))?.[0]);
    expect(names).toEqual(Object.keys(members));
  });

  it.each([
    ['JobContext', JobContext.prototype],
    ['JobProcess', JobProcess.prototype],
    ['JobRequest', JobRequest.prototype],
  ])('shows what can be called on %s', (heading, prototype) => {
    for (const [cell] of rowsOf(heading)) {
      const [, name = '', call] = /^(\w+)(\()?/.exec(codeOf(cell)) ?? [];
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      expect(typeof descriptor?.value === 'function', name).toBe(call !== undefined);
    }
  });

  it('has the events of ctx.on()', () => {
    const row = rowsOf('JobContext').at(-1)?.[1];
    for (const name of Object.keys(events)) expect(row).toContain(`\`${name}\` (\`{`);
  });
});
