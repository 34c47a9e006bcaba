/** `greenroom diagram`: a picture of a machine, without running it. */
import { parseArgs } from 'node:util';
import { chartOf } from '../diagram/chart.ts';
import { NoMachineError, findMachine, ownMachines } from '../diagram/find-machine.ts';
import { layOut } from '../diagram/lay-out.ts';
import { machineJson } from '../diagram/machine-json.ts';
import { toMermaid } from '../diagram/mermaid.ts';
import { svgDocument } from '../diagram/svg-document.ts';
import { PAGE_DIRECTORY } from '../inspect/page-files.ts';
import { print } from './exit.ts';

const formats = ['mermaid', 'svg', 'json'] as const;

type Format = (typeof formats)[number];

/** What is to be drawn, and how. */
export interface DiagramOrder {
  machine: string;
  exportName: string | null;
  format: Format;
  /** Of Mermaid only: states deeper than this are left out. */
  depth: number;
}

/** The help of the command. */
export const diagramHelp = `Prints a picture of a machine, without running anything.

Usage: greenroom diagram [MACHINE|FILE] [FLAGS]

MACHINE is one of ${[...ownMachines.keys()].join(', ')}; worker when left out.
FILE is a module that exports a machine.

Flags:
  --format FORMAT  mermaid, which code hosts render (the default); svg, a picture that stands
                   alone; json, the config for Stately's tools and for createMachine().
  --export NAME    The export of FILE, when it exports several machines.
  --depth NUMBER   mermaid: leave out states below this depth.
`;

/** Runs the command; returns the exit code. */
export async function diagram(args: readonly string[]): Promise<number> {
  try {
    const order = readOrder(args);
    print(order === null ? diagramHelp : await draw(order));
    return 0;
  } catch (error) {
    const isExpected = error instanceof NoMachineError;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${isExpected ? '' : 'Error: '}${message}\n`);
    return 1;
  }
}

/** What the words ask for; `null` for help. */
export function readOrder(args: readonly string[]): DiagramOrder | null {
  const { values, positionals } = parse(args);
  if (values.help === true) return null;
  const [machine = 'worker', surplus] = positionals;
  if (surplus !== undefined) {
    throw new NoMachineError(`diagram takes one machine or file, received also "${surplus}".`);
  }
  const format = formats.find((one) => one === (values.format ?? 'mermaid'));
  if (format === undefined) {
    throw new NoMachineError(`--format ${values.format}: allowed is ${formats.join(', ')}.`);
  }
  return { machine, exportName: values.export ?? null, format, depth: depthOf(values.depth) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        format: { type: 'string' },
        export: { type: 'string' },
        depth: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new NoMachineError(`${reason}. "greenroom diagram --help" shows what there is.`, {
      cause: error,
    });
  }
}

function depthOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new NoMachineError(`--depth ${text}: allowed is a whole number from 1.`);
}

async function draw({ machine: name, exportName, format, depth }: DiagramOrder): Promise<string> {
  const machine = await findMachine(name, exportName);
  if (format === 'json') return machineJson(machine);
  if (format === 'mermaid') return toMermaid(machine, { depth });
  const chart = chartOf(machine);
  return svgDocument(chart, await layOut(chart, PAGE_DIRECTORY));
}
