/** Figures of what somebody waits for. */
import type { Figure } from './figure.ts';

const node = 'agents-js';
const python = 'agents-py';

/** From the start of a worker to the end of its jobs, in the order of the table. */
export const timeFigures = [
  {
    name: 'start-registered',
    title: 'program start → registered',
    unit: 'ms',
    scene: 'start',
    definition:
      'From the start of the program until the server logs its registration. Two warm processes are asked for.',
    targets: [{ times: 0.2, of: node }],
  },
  {
    name: 'start-acceptable',
    title: 'program start → first dispatch can be accepted',
    unit: 'ms',
    scene: 'start',
    definition:
      'From the start of the program until it is registered, one job process has finished prewarm, and the server holds no word of the worker that it is full.',
    targets: [{ times: 0.2, of: node }],
  },
  {
    name: 'start-two-warm',
    title: 'program start → two warm',
    unit: 'ms',
    scene: 'start',
    definition:
      'From the start of the program until it is registered and two job processes have finished prewarm.',
    targets: [{ times: 0.13, of: node }],
  },
  {
    name: 'start-cpu',
    title: 'CPU until two are warm',
    unit: 'ms',
    scene: 'start',
    definition: 'CPU time of the worker and all it has started, at the moment when two are warm.',
    targets: [],
  },
  {
    name: 'stop-idle',
    title: 'SIGTERM → all gone, idle',
    unit: 'ms',
    scene: 'start',
    definition:
      'From SIGTERM to an idle worker with two warm processes until no process of it is left.',
    targets: [],
  },
  {
    name: 'warm-assigned',
    title: 'warm: dispatch → assigned',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From the call of createDispatch until the server logs the assignment. The server takes 200 ms of it to choose a worker.',
    targets: [],
  },
  {
    name: 'warm-entry',
    title: 'warm: dispatch → entry',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From the call of createDispatch until entry is called, with a warm process waiting.',
    targets: [{ plus: 2, of: 'floor' }],
  },
  {
    name: 'warm-connected',
    title: 'warm: dispatch → connect() back',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From the call of createDispatch until ctx.connect() has resolved, with a warm process waiting.',
    targets: [
      { times: 0.83, of: node },
      { times: 1.06, of: python },
      { times: 1, of: python, fromNode: 24 },
    ],
    floorTakes:
      'of it 204 ms pass until the server has assigned the job, 202 of them in its wait for other bids. Of the connect the native library starts its threads, its audio device module and its codecs, then reads all root certificates (4 ms), and only then opens a socket; what follows are round trips of signalling, ICE and DTLS.',
  },
  {
    name: 'entry-connected',
    title: 'of it: entry → connect() back',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From the call of entry until ctx.connect() has resolved. A pool that refills at this time makes it longer.',
    targets: [],
  },
  {
    name: 'connected-seen',
    title: 'connect() back → seen in the room',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From ctx.connect() resolved until a participant who is in the room is told of the agent. The agent publishes no track and sets no attribute. 0 when it was seen before.',
    targets: [{ atMost: 30 }],
  },
  {
    name: 'cold-connected',
    title: 'cold: dispatch → connect() back',
    unit: 'ms',
    scene: 'cold',
    definition:
      'As the warm one, in a worker that keeps no warm process. The first job of each worker is not counted: some keep the process that proved the agent file for it.',
    targets: [
      { times: 0.33, of: node },
      { times: 1.3, of: python },
    ],
    floorTakes:
      'as for the warm one, and before it 70 to 80 ms from the fork until Node has loaded the library, without a code cache.',
  },
  {
    name: 'burst-10-joined',
    title: 'burst of 10, two warm: all in their rooms',
    unit: 'ms',
    scene: 'burst-10',
    definition:
      'From ten calls of createDispatch at once, for ten rooms, until the server logs the last agent as active. No load limit.',
    targets: [
      { times: 0.15, of: node },
      { times: 1.25, of: python },
    ],
    floorTakes:
      'of it 204 ms pass until the server has assigned the jobs. Ten times the CPU of a job cycle (below), shared by two cores, is nearly all of what is left.',
  },
  {
    name: 'burst-20-joined',
    title: 'burst of 20, default limits: last one in its room',
    unit: 'ms',
    scene: 'burst-20',
    definition:
      'From twenty calls of createDispatch at once until the server logs the last agent as active; of those jobs that were accepted.',
    targets: [{ atMost: 3_000 }],
  },
  {
    name: 'burst-20-accepted',
    title: 'burst of 20, default limits: jobs accepted',
    unit: 'jobs',
    scene: 'burst-20',
    definition: 'How many of the twenty were assigned to the worker.',
    targets: [],
  },
  {
    name: 'burst-20-neither',
    title: 'burst of 20, default limits: neither in the room nor refused',
    unit: 'jobs',
    scene: 'burst-20',
    definition:
      'Jobs whose agent was not in its room within 3 s and that the server did not tell to be without a worker within 1.5 s: late or lost.',
    targets: [{ atMost: 0 }],
  },
  {
    name: 'deleted-gone',
    title: 'room deleted → process gone',
    unit: 'ms',
    scene: 'warm',
    definition: 'From the call of deleteRoom until the process of its job has ended.',
    targets: [{ atMost: 30 }],
  },
  {
    name: 'deleted-free',
    title: 'room deleted → slot free',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From the call of deleteRoom until GET /worker counts the job no more. The floor has no such page.',
    targets: [{ atMost: 30 }],
  },
  {
    name: 'joined-refilled',
    title: 'connect() back → pool refilled',
    unit: 'ms',
    scene: 'warm',
    definition:
      'From ctx.connect() resolved until a replacement has finished prewarm. 0 when it was ready before: then it may have slowed the join.',
    targets: [{ atMost: 250 }],
  },
] as const satisfies readonly Figure[];
