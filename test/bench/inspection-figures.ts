/** Figures of what it costs to be watched: the inspector off, on with nobody watching, and on with a page. */
import type { Figure } from './figure.ts';

/** In the order of the table. */
export const inspectionFigures = [
  {
    name: 'inspection-off-cpu',
    title: 'inspector off: CPU of a job cycle',
    unit: 'ms',
    scene: 'inspection',
    definition:
      'CPU time of the worker and all its processes for one of several job cycles, refill included, while two other workers do the same with their inspectors on. On a real server, with real rooms.',
    targets: [],
  },
  {
    name: 'inspection-unwatched-cpu',
    title: 'inspector on, nobody watching: CPU of a job cycle',
    unit: 'ms',
    scene: 'inspection',
    definition: 'The same at the same time of a worker with `inspect: true` and no page open.',
    targets: [],
  },
  {
    name: 'inspection-watched-cpu',
    title: 'inspector on, one page watching: CPU of a job cycle',
    unit: 'ms',
    scene: 'inspection',
    definition:
      'The same at the same time of a worker whose stream is read, as the page reads it, by another process.',
    targets: [],
  },
  {
    name: 'inspection-unwatched-more',
    title: 'nobody watching: more CPU than off',
    unit: '%',
    scene: 'inspection',
    definition:
      'By how much the cycles with nobody watching took more CPU time than those with the inspector off, in the same sample. Below 0: less.',
    targets: [{ atMost: 1 }],
  },
  {
    name: 'inspection-watched-more',
    title: 'one page watching: more CPU than off',
    unit: '%',
    scene: 'inspection',
    definition: 'The same of the cycles that were watched.',
    targets: [{ atMost: 5 }],
  },
  {
    name: 'stalled-viewer-memory',
    title: 'a stalled page: memory that it costs the worker',
    unit: 'MB',
    scene: 'stalled-viewer',
    definition:
      'Heap and buffers of the worker process after garbage collection, with a page that reads the first message and never again, less those of a worker with the same jobs and a page that reads. Compared after each job, each with a talkative machine of its own, until the page has lost messages; the greatest difference.',
    targets: [{ atMost: 10 }],
  },
  {
    name: 'stalled-viewer-rss',
    title: 'the same, in resident memory',
    unit: 'MB',
    scene: 'stalled-viewer',
    definition:
      'The difference of the resident memory of the two worker processes at the end of these jobs.',
    targets: [],
  },
  {
    name: 'stalled-viewer-waiting',
    title: 'a stalled page: bytes that wait in the system',
    unit: 'MB',
    scene: 'stalled-viewer',
    definition:
      'What the system holds at the end for the connection of the stalled page, in the buffers of both ends: no memory of the worker.',
    targets: [],
  },
] as const satisfies readonly Figure[];
