#!/usr/bin/env node
/** The `greenroom` binary: `greenroom start|dev|connect AGENT_FILE`, and the tools that need no agent. */
import { resolve } from 'node:path';
import { importAgentFile } from '../child/load-agent.ts';
import { initOf } from '../server-options.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { awaitOptions } from '../hand-over.ts';
import { runProgram } from './program.ts';
import { SignalTrap } from './signals.ts';
import { isTool, runTool } from './tools.ts';

/** What the file hands to `cli.runApp()`; the defaults when it does not call it. */
async function loadOptions(path: string): Promise<WorkerOptionsInit> {
  const takeOptions = awaitOptions();
  await importAgentFile(path);
  const options = takeOptions();
  return options === null ? { agent: path } : initOf(options);
}

const args = process.argv.slice(2);
if (isTool(args)) await runTool(args);
await runProgram({
  usage: { program: 'greenroom', takesFile: true },
  args,
  load: (file) => loadOptions(resolve(file ?? '')),
  files: (file) => [resolve(file ?? '')],
  signals: new SignalTrap(),
});
