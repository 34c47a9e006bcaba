/** Many dispatches at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatch, isWithoutBid, says, type ServerLine } from '../bench-server.ts';
import { gone } from '../bench-worker.ts';
import { type RunScene, sample, type Scene, settleMs, usual, withWorker } from './scene.ts';

/** How long the slowest job of a burst may take before it counts as lost. */
const lostAfterMs = 45_000;
/** Until then an agent has to be in its room, or refused: the server needs 1 s to see that nobody bids. */
const bounds = { joinedMs: 3_000, refusedMs: 1_500 };

/** What became of one dispatch, in ms after it. */
export interface Fate {
  assignedMs: number | null;
  joinedMs: number | null;
  refusedMs: number | null;
}

/** Ten at once, to a worker that refuses none because of its load. */
export const runBurstOf10: RunScene = async (scene) => {
  await withWorker(scene, usual, async (worker) => {
    await worker.fact('warm', 2);
    await worker.available();
    await pause(settleMs);
    await sample(scene, async () => {
      const fates = await burst(scene, 10);
      const joined = fates.flatMap(({ joinedMs }) => joinedMs ?? []);
      if (joined.length === 10) return { 'burst-10-joined': Math.max(...joined) };
      throw new Error(`${scene.candidate.name} lost ${10 - joined.length} of 10 jobs.`);
    });
    await clear(scene, worker.facts('entry'));
  });
};

/** Twenty at once, to a worker with the limits that it has by default. */
export const runBurstOf20: RunScene = async (scene) => {
  await withWorker(scene, { ...usual, loadLimit: 'default' }, async (worker) => {
    await worker.fact('warm', 2);
    await worker.available();
    await pause(settleMs);
    await sample(scene, async () => {
      const fates = await burst(scene, 20);
      const joined = fates.flatMap(({ joinedMs }) => joinedMs ?? []);
      return {
        ...(joined.length > 0 && { 'burst-20-joined': Math.max(...joined) }),
        'burst-20-accepted': fates.filter(({ assignedMs }) => assignedMs !== null).length,
        'burst-20-neither': fates.filter((fate) => !isWell(fate)).length,
      };
    });
    await clear(scene, worker.facts('entry'));
  });
};

/** In its room in time, or refused at once. */
export function isWell({ joinedMs, refusedMs }: Fate): boolean {
  if (joinedMs !== null) return joinedMs <= bounds.joinedMs;
  return refusedMs !== null && refusedMs <= bounds.refusedMs;
}

async function burst({ server }: Scene, count: number): Promise<Fate[]> {
  const from = server.lines.items.length;
  const dispatches = await Promise.all(Array.from({ length: count }, () => server.dispatch()));
  const fates = (): Fate[] => fatesOf(dispatches, server.lines.items.slice(from));
  const isOver = ({ joinedMs, refusedMs }: Fate): boolean =>
    joinedMs !== null || refusedMs !== null;
  const all = server.lines.waitFor('The end of the burst', () => fates().every(isOver), {
    from,
    timeoutMs: lostAfterMs,
  });
  // What did not come is lost, and that is a result.
  await all.catch(() => {});
  return fates();
}

/** What the server's log says of each dispatch. Lines without a room are of those that nothing else is said of. */
export function fatesOf(dispatches: readonly Dispatch[], lines: readonly ServerLine[]): Fate[] {
  const withoutBid = lines.filter((line) => isWithoutBid(line));
  return dispatches.map(({ room, at }) => {
    const after = (msg: string): number | null => {
      const line = lines.find((each) => each.msg === msg && each.fields['room'] === room);
      return line === undefined ? null : line.at - at;
    };
    const assignedMs = after(says.assigned);
    const refusedMs = after(says.refused);
    const nameless = assignedMs === null && refusedMs === null ? withoutBid.shift() : undefined;
    return {
      assignedMs,
      joinedMs: after(says.active),
      refusedMs: nameless === undefined ? refusedMs : nameless.at - at,
    };
  });
}

/** Ends the jobs that there are. */
async function clear({ server }: Scene, jobs: readonly { room: string; pid: number }[]) {
  await Promise.all(
    jobs.map(async ({ room, pid }) => {
      await server.deleteRoom(room);
      await gone(pid);
    }),
  );
}
