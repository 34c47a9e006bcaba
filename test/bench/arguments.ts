/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { type FigureName, figureGroups, figures } from './figures.ts';

/** What the benchmark was asked for. */
export interface BenchArguments {
  isShort: boolean;
  only: FigureName[];
  samples: number;
  json: string | null;
  /** Write the page of the documentation. */
  write: boolean;
  list: boolean;
}

/** A mistake in the command line. */
export class UsageError extends Error {}

const defaultSamples = 20;
const mostSamples = 1_000;

/** The usage, for people. */
const usage = `npm run bench -- [options]
  --short           a sample of each, of ours and the floor: installs nothing, judges nothing
  --only FIGURE     only this figure and what is measured with it; may be given several times
                    "inspection" is all that is about the inspector
  --samples N       about so many samples of a dispatch (default ${defaultSamples}); dearer ones are fewer
  --json FILE       every sample, as JSON
  --write           also write docs/reference/performance.md (on Node 20) or performance-on-node-N.md;
                    needs a whole run
  --list            name the figures`;

/** Reads it. @throws UsageError that names the mistake. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { short, only, samples, json, write, list } = parse(args);
  if (write && (short || only.length > 0)) {
    throw new UsageError('--write needs a whole run: leave --short and --only out.');
  }
  return {
    isShort: short,
    only: only.flatMap((name) => figureNames(name)),
    samples: short ? 1 : sampleCount(samples),
    json: json ?? null,
    write,
    list,
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        short: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        samples: { type: 'string', default: String(defaultSamples) },
        json: { type: 'string' },
        write: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

function figureNames(name: string): readonly FigureName[] {
  const group = figureGroups[name];
  if (group !== undefined) return group;
  if (figures.some((figure) => figure.name === name)) return [name as FigureName];
  const names = [...figures.map((figure) => figure.name), ...Object.keys(figureGroups)].join(', ');
  throw new UsageError(`--only: there is no figure "${name}". There are: ${names}.`);
}

function sampleCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= mostSamples) return count;
  throw new UsageError(`--samples must be a whole number from 1 to ${mostSamples}, not "${text}".`);
}
