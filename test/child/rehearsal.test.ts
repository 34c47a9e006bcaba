import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { rehearse } from '../../src/child/rehearsal.ts';
import { LINK_VERSION } from '../../src/ipc/messages.ts';
import { FakeRoom } from './fake-room.ts';
import { agent, agentFile, JobProcessOnFork, limits, order } from './forked-job-process.ts';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('a rehearsal', () => {
  it('is a whole session, and leaves nothing behind: no word, no room, no line, no timer', async () => {
    const room = new FakeRoom();
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    const before = timers();
    const rehearsal = rehearse(room.asRoom(), { limits, logger });
    expect(room.listenerCount('disconnected')).toBe(1);
    expect(await rehearsal).toBe(0);
    expect(room.listenerCount('disconnected')).toBe(0);
    expect([room.connects, room.disconnects]).toEqual([[], 0]);
    expect(lines).toEqual([]);
    expect(timers()).toBe(before);
  });
});

/** In place of the native library: tells when a room is made. */
const rtc = `export class Room {
  isConnected = false;
  constructor() { console.log('a room is made'); }
  on() {}
  off() {}
}
export const dispose = async () => console.log('disposed');`;

/** A job process that rehearses, warm. */
async function warmProcess(agentPath: string) {
  const standIn = pathToFileURL(agentFile('rtc.mjs', rtc)).href;
  const child = new JobProcessOnFork({ env: { GREENROOM_RTC_MODULE: standIn } });
  const log = { level: 'trace', pretty: false };
  const settings = { log, limits, announce: false, rehearse: true, quickConnect: false };
  child.send({ type: 'initialize', version: LINK_VERSION, agent: agentPath, ...settings });
  await child.next('warm');
  return child;
}

const roomsOf = (child: JobProcessOnFork) => child.output.split('a room is made').length - 1;

describe('a job process that is warm', () => {
  it('rehearses while it has nothing to do, and then runs its job as if it had not', async () => {
    const child = await warmProcess(
      agent(`{ entry: async (ctx) => console.log('entry of', ctx.job.id) }`),
    );
    while (roomsOf(child) === 0) await once(child.child.stdout!, 'data');
    child.send({ type: 'launch', order, credentials: null });
    const { outcome, exit } = await child.finish();
    expect(outcome.reason).toBe('entry-returned');
    expect(exit.code).toBe(0);
    expect(child.types()).toEqual([
      'warm',
      'session.started',
      'session.closing',
      'session.outcome',
    ]);
    expect(child.output.match(/entry of .*/g)).toEqual(['entry of AJ_test']);
    expect(child.output.match(/disposed/g)).toHaveLength(1);
    expect(child.output).not.toContain('rehearsal failed');
  });

  it('does not rehearse once it has a job', async () => {
    const child = await warmProcess(
      agent(`{ entry: () => new Promise((resolve) => setTimeout(resolve, 300)) }`),
    );
    child.send({ type: 'launch', order, credentials: null });
    await child.finish();
    expect(roomsOf(child)).toBe(1);
  });
});
