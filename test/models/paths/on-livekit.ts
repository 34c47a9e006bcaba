/** Which paths of the proofs a real LiveKit server can take a worker along. */
import type { EventObject, InspectionEvent } from 'xstate';
import type { Sut, TestPath } from '../../../src/testing/model/index.ts';
import type { GatedServer } from './gated-server.ts';
import { job } from './job.ts';
import { pathsOf, type Proof } from './proof.ts';
import { removing, startRealJob } from './real-job.ts';
import { startRealWorker } from './real-worker.ts';
import { registration, startRegistration } from './registration.ts';
import { worker } from './worker.ts';

interface Exclusion {
  /** As a sentence of the documentation: the event and why it does not come. */
  why: string;
  /** The embedded server does it, when it is told to. */
  isFault?: true;
  isIt: (event: EventObject & Record<string, unknown>, past: readonly EventObject[]) => boolean;
}

/** A proof whose paths are played with a real server, too. */
export interface OnLiveKit {
  proof: Proof;
  /** What a server has had a part in: paths without it are no matter of the server. */
  isContact: (event: EventObject) => boolean;
  exclusions: Exclusion[];
  start: (inspect: (event: InspectionEvent) => void, server: GatedServer) => Sut | Promise<Sut>;
}

const isOneOf =
  (...types: string[]) =>
  ({ type }: EventObject) =>
    types.includes(type);

const doubles: Exclusion = {
  why: '`xstate.error.actor.*`: a double causes it, not a server',
  isIt: ({ type }) => type.startsWith('xstate.error.actor.'),
};
const noContact = 'none of a server: the path ends before one has answered';

/** The proofs whose machines hear a server. */
export const onLiveKit: OnLiveKit[] = [
  {
    proof: registration,
    isContact: isOneOf('socket.opened', 'socket.refused'),
    exclusions: [
      doubles,
      {
        why: '`socket.refused` while closing: a double causes it, not a server',
        isIt: ({ type }, past) =>
          type === 'socket.refused' && past.some(isOneOf('registration.close')),
      },
      {
        why: '`socket.refused` with 503: a proxy says so, or a server that is overloaded; LiveKit refuses a wrong token with 401',
        isFault: true,
        isIt: ({ type, status }) => type === 'socket.refused' && status !== 401,
      },
    ],
    start: startRegistration,
  },
  {
    proof: worker,
    isContact: isOneOf('registration.registered', 'xstate.done.actor.registration.1'),
    exclusions: [
      doubles,
      {
        why: '`registration.jobAssigned`: a job that the worker has not accepted is not assigned',
        isFault: true,
        isIt: isOneOf('registration.jobAssigned'),
      },
      {
        why: '`registration.jobTerminated`: a job that the worker does not have is not terminated',
        isFault: true,
        isIt: isOneOf('registration.jobTerminated'),
      },
      {
        why: '`registration.jobRequested` for the same job once more: a worker is asked once for a job',
        isFault: true,
        isIt: ({ type }, past) => type === 'registration.jobRequested' && past.some(isOneOf(type)),
      },
    ],
    start: startRealWorker,
  },
  {
    proof: job,
    isContact: () => true,
    exclusions: [
      {
        why: '`server.jobTerminated` before `server.jobAssigned`: a job that is not assigned yet is not terminated',
        isFault: true,
        isIt: ({ type }, past) =>
          type === 'server.jobTerminated' && !past.some(isOneOf('server.jobAssigned')),
      },
      {
        why: `\`xstate.error.actor.deleteRoom\`, \`xstate.error.actor.${removing}\`: the room API does what it is asked to`,
        isFault: true,
        isIt: isOneOf('xstate.error.actor.deleteRoom', `xstate.error.actor.${removing}`),
      },
      doubles,
    ],
    start: startRealJob,
  },
];

/** The paths of a proof: those that a real server takes, and why it does not take the others. */
export function sorted({ proof, isContact, exclusions }: OnLiveKit) {
  const taken: TestPath[] = [];
  const excluded: { path: TestPath; why: string }[] = [];
  for (const { path } of pathsOf(proof).paths) {
    const found = exclusions.find(({ isIt }) =>
      path.events.some((event, index) => isIt({ ...event }, path.events.slice(0, index))),
    );
    if (found !== undefined) excluded.push({ path, why: found.why });
    else if (path.events.some(isContact)) taken.push(path);
    else excluded.push({ path, why: noContact });
  }
  return { taken, excluded };
}
