/** A small project of its own in a temporary folder, under the settings of this one: what is wrong in it must be found. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this repository. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

const settings = [
  '.oxlintrc.json',
  'package.json',
  'tsconfig.json',
  'machines/tsconfig.json',
  'src/tsconfig.json',
];

/** How a tool ended. */
export interface ToolResult {
  exitCode: number;
  output: string;
}

/** One thing that the linter found. */
export interface Finding {
  file: string;
  rule: string;
}

/** Makes a project with this one's settings and these files (path to text); answers its folder. */
export function createScratchProject(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-canary-'));
  for (const file of settings) cpSync(join(repositoryRoot, file), join(folder, file));
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  writeFiles(folder, files);
  return folder;
}

/** Removes the folder of a project that `createScratchProject` made. */
export function removeScratchProject(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Writes files (path to text) into a project. */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Lints a whole project, by another settings file of it if one is named. */
export async function lint(folder: string, settingsFile = '.oxlintrc.json'): Promise<Finding[]> {
  const { exitCode, output } = await runTool(folder, 'oxlint', [
    '--config',
    settingsFile,
    '--format',
    'json',
  ]);
  const findings = readFindings(output);
  if (exitCode !== (findings.length > 0 ? 1 : 0)) {
    throw new Error(`oxlint ended with code ${exitCode}: ${output}`);
  }
  return findings;
}

/** Compiles one of a project's TypeScript projects without writing anything. */
export async function compile(folder: string, project: string): Promise<ToolResult> {
  return runTool(folder, 'tsc', ['--project', project, '--noEmit', '--pretty', 'false']);
}

function readFindings(output: string): Finding[] {
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { filename: string; code?: string }[];
  };
  return diagnostics.map(({ filename, code }) => ({
    file: filename,
    rule: code ?? 'without a rule',
  }));
}

function runTool(folder: string, tool: string, options: string[]): Promise<ToolResult> {
  const file = join(repositoryRoot, 'node_modules/.bin', tool);
  return new Promise((resolve, reject) => {
    execFile(file, options, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`${tool} did not end by itself: ${error.message}`, { cause: error }));
        return;
      }
      resolve({ exitCode: Number(error?.code ?? 0), output: stdout || stderr });
    });
  });
}
