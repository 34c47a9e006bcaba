/** Where job processes run, and how they get into simulated rooms. */
import { type Logger, pino } from 'pino';
import { fromCallback } from 'xstate';
import type { Rtc } from '../child/rtc.ts';
import type { StandIns } from '../stand-ins.ts';
import { InlineProcesses } from './inline-process.ts';
import { memoryLink, type ParticipantLink } from './rooms/links.ts';
import { RoomClient } from './rooms/room-client.ts';
import type { Seats } from './rooms/seats.ts';
import type { TestAgent } from './test-worker-agent.ts';

/** Job processes of their own, whose rooms are at the embedded server. */
export function forkedProcesses(): StandIns {
  return {
    processes: ({ env }) => ({ env: { ...env, GREENROOM_RTC_MODULE: rtcModule() } }),
  };
}

/** The module that stands in for rtc-node in a process of its own. Beside this file, compiled or not. */
export function rtcModule(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./rooms/rtc.${extension}`, import.meta.url).href;
}

/** Job processes that run in the process of the test. */
export function inlineProcesses(
  agent: TestAgent,
  seats: Seats,
  { logger, clock }: { logger: Logger | undefined; clock: StandIns['clock'] },
): StandIns {
  const links = new Map<number, ParticipantLink[]>();
  const log = logger ?? pino({ level: 'silent' });
  const processes = new InlineProcesses((pid) => ({
    log: () => log,
    loadAgent: agent.load,
    loadRtc: async () =>
      inlineRtc(seats, (link) => links.set(pid, [...(links.get(pid) ?? []), link])),
    ...(clock !== undefined && { clock }),
    onKilled: () => links.get(pid)?.forEach((link) => link.close()),
  }));
  return {
    processes: processes.dependencies,
    // All of them share the memory of the test.
    sampleMemory: fromCallback(() => {}),
  };
}

function inlineRtc(seats: Seats, onLink: (link: ParticipantLink) => void): Rtc {
  class Room extends RoomClient {
    constructor() {
      super(async () => {
        const [own, other] = memoryLink();
        onLink(own);
        seats.admit(other);
        return own;
      });
    }
  }
  return { Room: Room as unknown as Rtc['Room'], dispose: async () => {} };
}
