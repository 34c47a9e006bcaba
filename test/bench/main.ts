/**
 * `npm run bench`: measures Greenroom, its rivals and the floor in one run, in turns. What is measured stands in
 * `figures.ts`; `--help` of it is `arguments.ts`.
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLiveKitServer } from '../support/find-livekit-server.mjs';
import { type Guard, startGuard } from '../support/guard.mjs';
import { startLiveKitServer } from '../support/livekit-server.mjs';
import { type BenchArguments, parseBenchArguments, UsageError } from './arguments.ts';
import { BenchServer } from './bench-server.ts';
import { gatherCandidates } from './candidates.ts';
import { figures } from './figures.ts';
import { benchCache } from './installation.ts';
import { planScenes } from './plan.ts';
import type { BenchResults } from './results.ts';
import { runBench } from './run-bench.ts';
import { performancePage, performancePageName, terminalTable } from './table.ts';

const pages = fileURLToPath(new URL('../../docs/reference', import.meta.url));
const report = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await main(parseBenchArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
// The observers' native library keeps the process.
process.exit();

async function main(args: BenchArguments): Promise<void> {
  if (args.list) {
    for (const { name, title, unit } of figures) report(`${name.padEnd(32)} ${title} (${unit})`);
    return;
  }
  if (process.platform !== 'linux') {
    throw new UsageError('The benchmark reads /proc of Linux: it does not run on this system.');
  }
  const guard = startGuard();
  try {
    const results = await measure(args, guard);
    report(`\n${terminalTable(results)}`);
    if (args.json !== null) writeFileSync(args.json, `${JSON.stringify(results, null, 2)}\n`);
    // What a rival fails in is a result, and a note of the page.
    const isWhole = results.mishaps.every(({ candidate }) => candidate.startsWith('agents-'));
    if (args.write && isWhole) writePage(results);
    else if (args.write)
      report('\nThe page is written only when neither Greenroom nor the floor has failed.');
    if (results.mishaps.some(({ candidate }) => candidate === 'greenroom')) process.exitCode = 1;
  } finally {
    await guard.close();
  }
}

function writePage(results: BenchResults): void {
  writeFileSync(join(pages, performancePageName(results.machine)), performancePage(results));
}

async function measure(args: BenchArguments, guard: Guard): Promise<BenchResults> {
  const { path: binary } = await findLiveKitServer({ guard, report });
  const isOursOnly = planScenes(args.only).every((scene) => scene.oursOnly);
  const field = await gatherCandidates({ isShort: args.isShort, isOursOnly, report });
  const server = await startLiveKitServer({ binary, guard });
  try {
    const surroundings = { server: new BenchServer(server), guard, node: privateNode() };
    return await runBench(args, field, surroundings, report);
  } finally {
    await server.stop();
  }
}

/** A copy: pages of the program that the benchmark itself uses would count as shared. */
function privateNode(): string {
  const copy = join(benchCache(), `node-${process.versions.node}`);
  mkdirSync(benchCache(), { recursive: true });
  if (!existsSync(copy)) copyFileSync(process.execPath, copy);
  return copy;
}
