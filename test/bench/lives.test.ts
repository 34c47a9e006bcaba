/** The lives that the machines' speed is measured in are whole: each ends as it should, or says so. */
import { expect, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { measuredMachines } from './figures.ts';
import { lives, startWorker } from './micro/lives.ts';

test.each(measuredMachines)('%s lives twice, with the same events', async (machine) => {
  const lifeOf = async (): Promise<string[]> => {
    const types: string[] = [];
    await lives[machine]({
      inspect: (event: InspectionEvent) => {
        if (event.type === '@xstate.event') types.push(event.event.type);
      },
    });
    return types;
  };
  const first = await lifeOf();
  expect(first.length).toBeGreaterThan(8);
  expect(await lifeOf()).toEqual(first);
});

test('a job runs, and ends', async () => {
  const { actor, runJob, endJob } = startWorker({});
  await runJob('AJ_1');
  const slots = () => Object.values(actor.getSnapshot().context.slots);
  expect(slots()).toMatchObject([{ jobId: 'AJ_1', phase: 'running' }]);
  await expect(endJob('AJ_2')).rejects.toThrow('The job AJ_2 does not run.');
  await endJob('AJ_1');
  expect(slots()).toEqual([]);
  actor.stop();
});
