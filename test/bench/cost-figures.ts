/** Figures of what a worker costs: CPU, memory, disk; and of what is our own alone. */
import type { Figure } from './figure.ts';

const node = 'agents-js';
const python = 'agents-py';

/** In the order of the table. */
export const costFigures = [
  {
    name: 'job-cpu',
    title: 'CPU of a job cycle, refill included',
    unit: 'ms',
    scene: 'warm',
    definition:
      'CPU time of the worker and all its processes from before a dispatch until its job has ended and the pool is full again. Agent and room are idle meanwhile.',
    targets: [{ times: 0.2, of: node }],
    floorTakes:
      'of it Node itself takes 18 ms to start, loading the library without a code cache 65, the connect 80 to 90, the time after it in the room 20.',
  },
  {
    name: 'worker-cpu',
    title: 'of it: the worker process alone',
    unit: 'ms',
    scene: 'warm',
    definition:
      'CPU time of the worker process itself in such a cycle, as the scheduler counts it.',
    targets: [],
  },
  {
    name: 'idle-worker-pss',
    title: 'idle: worker',
    unit: 'MiB',
    scene: 'memory',
    definition: 'PSS of the worker process with two warm job processes, 2 s after both are warm.',
    targets: [{ atMost: 55 }],
  },
  {
    name: 'idle-helpers-pss',
    title: 'idle: helper processes',
    unit: 'MiB',
    scene: 'memory',
    definition: 'PSS of everything else that the worker has started, job processes excepted.',
    targets: [{ atMost: 2 }],
  },
  {
    name: 'idle-warm-pss',
    title: 'idle: each warm process',
    unit: 'MiB',
    scene: 'memory',
    definition: 'PSS of one of two warm job processes, the mean of both.',
    targets: [{ atMost: 34 }],
  },
  {
    name: 'idle-warm-private',
    title: 'idle: each warm process, private',
    unit: 'MiB',
    scene: 'memory',
    definition: 'What no other process shares of one of two warm job processes, the mean of both.',
    targets: [{ atMost: 20 }],
  },
  {
    name: 'job-pss',
    title: 'a job, 10 running',
    unit: 'MiB',
    scene: 'memory',
    definition: 'PSS of a job process while ten jobs are in their rooms, the mean of the ten.',
    targets: [{ atMost: 41 }],
  },
  {
    name: 'ten-jobs-pss',
    title: 'worker + 10 jobs',
    unit: 'MiB',
    scene: 'memory',
    definition:
      'PSS of the worker and everything that it has started, with ten jobs in their rooms and two warm processes.',
    targets: [
      { times: 0.72, of: python },
      { times: 0.33, of: node },
    ],
  },
  {
    name: 'idle-cpu',
    title: 'idle CPU, worker + 4 warm',
    unit: '%',
    scene: 'idle',
    definition:
      'CPU time of the worker and all it has started with four warm processes and no job, as a share of one core.',
    targets: [{ atMost: 1 }],
  },
  {
    name: 'installed-size',
    title: 'installed: size',
    unit: 'MiB',
    scene: 'installed',
    definition:
      'Disk blocks of what the package manager installs for a program that uses the package and its peers.',
    targets: [{ atMost: 75 }],
  },
  {
    name: 'installed-packages',
    title: 'installed: packages',
    unit: 'packages',
    scene: 'installed',
    definition: 'How many packages that are.',
    targets: [{ atMost: 70 }],
  },
  {
    name: 'answers-p99',
    title: '1,000 requests in a second: 99 of 100 answered within',
    unit: 'ms',
    scene: 'answers',
    definition:
      'A scripted server offers 1,000 jobs, one each millisecond, to a worker with five slots; the 99th percentile of the time from a request to its answer.',
    targets: [],
  },
  {
    name: 'answers-max',
    title: '1,000 requests in a second: the slowest answer',
    unit: 'ms',
    scene: 'answers',
    definition: 'The slowest answer of the same.',
    targets: [],
  },
  {
    name: 'machines-job-cpu',
    title: 'machines: CPU of a whole job',
    unit: 'µs',
    scene: 'machines',
    definition:
      'CPU time of the machines alone for one job from request to end: worker, registration, job, pool and process, with actors that do nothing.',
    targets: [],
  },
  {
    name: 'machines-job-memory',
    title: 'machines: memory of a running job',
    unit: 'KiB',
    scene: 'machines',
    definition: 'Heap that one running job takes in the same, after garbage collection.',
    targets: [],
  },
] as const satisfies readonly Figure[];
