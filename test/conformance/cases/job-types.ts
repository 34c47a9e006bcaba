/** C67 to C69: jobs for participants and for publishers. */
import { JobType } from '@livekit/protocol';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';
import type { RawWorker } from '../raw-worker.ts';

/** Whom the jobs of a worker are about, in their order. */
const aboutWhom = (worker: RawWorker) =>
  worker.all('availability').map(({ job }) => job?.participant?.identity ?? '');

/** Long enough for an offer that is to come. */
const offerWaitMs = 1_000;

export const jobTypeCases: ConformanceCase[] = [
  {
    id: 'C67',
    title: 'each participant that joins is a job, but agents and recorders',
    isWarm: true,
    workers: { worker: { type: JobType.JT_PARTICIPANT } },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      await scene.dispatch(worker!, { room });
      const alice = await scene.join(room, 'alice');
      await scene.stage.elapse(offerWaitMs);
      await alice.leave();
      await scene.join(room, 'alice');
      await scene.join(room, 'an-agent', { kind: 'agent' });
      await scene.join(room, 'recorder', { recorder: true });
      await scene.join(room, 'hidden', { hidden: true });
      await scene.stage.elapse(offerWaitMs);
      expect(aboutWhom(worker!)).toEqual(['alice', 'alice', 'hidden']);
      const types = worker!.all('availability').map(({ job }) => job?.type);
      expect(new Set(types)).toEqual(new Set([JobType.JT_PARTICIPANT]));
    },
  },
  {
    id: 'C68',
    title: 'the first track of a participant is a job, a second one and those of agents are not',
    isWarm: true,
    workers: { worker: { type: JobType.JT_PUBLISHER } },
    run: async (scene, { worker }) => {
      const room = scene.newRoom();
      await scene.dispatch(worker!, { room });
      const alice = await scene.join(room, 'alice');
      const agent = await scene.join(room, 'an-agent', { kind: 'agent' });
      await alice.publish();
      await alice.publish();
      await agent.publish();
      await scene.stage.elapse(offerWaitMs);
      expect(aboutWhom(worker!)).toEqual(['alice']);
    },
  },
  {
    id: 'C69',
    title:
      'a dispatch finds who is there: one job for the room, one for each of them, one for each publisher',
    isWarm: true,
    workers: {
      forRoom: { group: 'agent' },
      forParticipants: { group: 'agent', type: JobType.JT_PARTICIPANT },
      forPublishers: { group: 'agent', type: JobType.JT_PUBLISHER },
    },
    run: async (scene, workers) => {
      const room = scene.newRoom();
      await scene.join(room, 'bob');
      const alice = await scene.join(room, 'alice');
      await alice.publish();
      await scene.dispatch(workers['forRoom']!, { room });
      await scene.stage.elapse(offerWaitMs);
      const about = Object.values(workers).map((worker) => aboutWhom(worker).toSorted());
      expect(about).toEqual([[''], ['alice', 'bob'], ['alice']]);
    },
  },
];
