/** The commands of the binary that run no agent; each is loaded only when it is asked for. */
import { exitProcess, ignoreBrokenPipes } from './exit.ts';

/** Such a command. */
export interface Tool {
  name: string;
  summary: string;
  /** Returns the exit code. */
  load: () => Promise<(args: readonly string[]) => Promise<number>>;
}

/** Every one of them. */
export const tools: readonly Tool[] = [
  {
    name: 'diagram',
    summary: 'Print a picture of a machine, as Mermaid, SVG or JSON: diagram [MACHINE|FILE].',
    load: async () => (await import('./diagram.ts')).diagram,
  },
  {
    name: 'inspect',
    summary: 'Open the inspector for any XState app, or for a recording: inspect [FILE].',
    load: async () => (await import('./inspect.ts')).inspect,
  },
];

/** Whether a command line asks for one of them. */
export function isTool([name]: readonly string[]): boolean {
  return tools.some((tool) => tool.name === name);
}

/** Runs the command and ends the process. */
export async function runTool([name, ...args]: readonly string[]): Promise<never> {
  ignoreBrokenPipes();
  const tool = tools.find((one) => one.name === name);
  const run = await tool?.load();
  return exitProcess((await run?.(args)) ?? 1);
}
