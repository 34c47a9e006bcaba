/** Every figure that the benchmark measures: what it is called, what exactly it is, and what is to be reached. */
import { costFigures } from './cost-figures.ts';
import type { Figure } from './figure.ts';
import { inspectionFigures } from './inspection-figures.ts';
import { timeFigures } from './time-figures.ts';

/** The machines whose speed is measured, each in a life of its own. */
export const measuredMachines = [
  'worker',
  'registration',
  'job',
  'process-pool',
  'job-process',
  'session',
  'session-close',
] as const;

/** A machine of the product. */
export type MachineName = (typeof measuredMachines)[number];

const machineFigures = measuredMachines.flatMap((machine): Figure[] => [
  {
    name: `machine-${machine}`,
    title: `machine ${machine}`,
    unit: 'events/s',
    scene: 'machines',
    definition: `Events that the ${machine} machine takes in a second of CPU time, over whole lives of it with actors that do nothing. Its children count in its time.`,
    targets: [],
  },
  {
    name: `machine-${machine}-inspected`,
    title: `machine ${machine}, inspected`,
    unit: 'events/s',
    scene: 'machines',
    definition: 'The same with an inspector that looks at nothing.',
    targets: [],
  },
]);

/** All figures, in the order of the table. */
export const figures: readonly Figure[] = [
  ...timeFigures,
  ...costFigures,
  ...inspectionFigures,
  ...machineFigures,
];

/** The name of a figure. */
export type FigureName =
  | (typeof timeFigures)[number]['name']
  | (typeof costFigures)[number]['name']
  | (typeof inspectionFigures)[number]['name']
  | `machine-${MachineName}`
  | `machine-${MachineName}-inspected`;

/** Figures that can be asked for by one name. */
export const figureGroups: Readonly<Record<string, readonly FigureName[]>> = {
  inspection: inspectionFigures.map(({ name }) => name),
};
