/** What V8 has compiled in one job process is what the next one starts with, if it is exactly that. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeCacheEnvironment, codeCacheVariable } from '../../src/code-cache-folder.ts';
import { openCodeCache } from '../../src/job-bundle/code-cache.ts';
import { agentFile } from '../child/forked-job-process.ts';
import { startBuilt } from './built-job-process.ts';

/** A Node with a code cache of its own is given the folder and does the rest. */
const isOurs = !('enableCompileCache' in nodeModule);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-code-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An agent that shows what the environment says of the cache. */
const agent = () =>
  agentFile(
    'agent.cjs',
    `console.log('variable:', process.env.${codeCacheVariable});
module.exports = Object.defineProperty({ entry: async () => {} }, Symbol.for('livekit.agents.AgentDefinition'), { value: true });`,
  );

/** How many modules a process has to compile, once it has had nothing to do and has kept them. */
async function compiledBy(env: Record<string, string> = { [codeCacheVariable]: folder }) {
  const child = startBuilt({ env });
  child.initialize(agent(), {}, 'debug');
  await child.next('warm');
  const compiled = await vi.waitFor(
    () => {
      const line = child.log().find(({ msg }) => msg === 'modules that had to be compiled');
      expect(line).toBeDefined();
      return line!['compiled'] as number;
    },
    { timeout: 10_000 },
  );
  const others = child.output.split('\n').filter((line) => !line.startsWith('{'));
  expect(others).toEqual(['variable: undefined', '']);
  await child.end();
  return compiled;
}

const files = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.code'))
    .map((name) => join(folder, name));

/** The one file that there is. */
const file = () => files()[0]!;

describe.runIf(isOurs)('the code cache of a job process', () => {
  it('is used by the next one', async () => {
    const first = await compiledBy();
    expect(first).toBeGreaterThan(50);
    expect(files()).toHaveLength(1);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await compiledBy()).toBe(0);
  });

  it.each([
    ['is cut off', () => truncateSync(file(), 50_000)],
    ['is empty', () => truncateSync(file(), 0)],
    [
      'has one other bit',
      () => {
        const bytes = readFileSync(file());
        bytes[bytes.length - 1_000]! ^= 1;
        writeFileSync(file(), bytes);
      },
    ],
    ['could have been written by others', () => chmodSync(file(), 0o666)],
    [
      'is a link',
      () => {
        const path = file();
        const elsewhere = join(mkdtempSync(join(folder, 'else-')), 'code');
        renameSync(path, elsewhere);
        symlinkSync(elsewhere, path);
      },
    ],
  ])('is made anew when the file %s', async (_, spoil) => {
    await compiledBy();
    spoil();
    expect(await compiledBy()).toBeGreaterThan(50);
    expect(await compiledBy()).toBe(0);
  });

  it('is done without when there is no folder', async () => {
    rmSync(folder, { recursive: true });
    expect(await compiledBy()).toBeGreaterThan(50);
    expect(await compiledBy()).toBeGreaterThan(50);
  });

  it('is another one for other flags of V8', async () => {
    await compiledBy();
    const env = { [codeCacheVariable]: folder, NODE_OPTIONS: '--stack-trace-limit=20' };
    expect(await compiledBy(env)).toBeGreaterThan(50);
    expect(files()).toHaveLength(2);
    expect([await compiledBy(), await compiledBy(env)]).toEqual([0, 0]);
  });
});

describe('the code cache is left closed', () => {
  const variables = () => ({ [codeCacheVariable]: folder });

  it.each([
    ['there is no folder', {}, []],
    ['coverage is measured', { NODE_V8_COVERAGE: 'coverage' }, []],
  ])('when %s', (_, more, execArgv) => {
    const env = 'NODE_V8_COVERAGE' in more ? { ...variables(), ...more } : more;
    expect(openCodeCache(env, execArgv)).toBeNull();
    expect(env).not.toHaveProperty(codeCacheVariable);
  });

  it.runIf(isOurs).each([
    [['--import', 'tsx'], ''],
    [['--require=./hooks.cjs'], ''],
    [[], '--max-old-space-size=500 -r ./hooks.cjs'],
    [['--enable-source-maps'], ''],
  ])('when others look at modules: %j %s', (execArgv, options) => {
    expect(openCodeCache({ ...variables(), NODE_OPTIONS: options }, execArgv)).toBeNull();
  });

  it.runIf(isOurs)('and by nothing else', () => {
    const cache = openCodeCache(variables(), ['--max-old-space-size=500', '--conditions=imported']);
    cache?.stop();
    expect(cache).not.toBeNull();
  });
});

describe('the folder of the code cache', () => {
  const codeFolder = () => codeCacheEnvironment({ codeCache: true })[codeCacheVariable];
  const path = () => join(folder, `greenroom-code-${process.getuid!()}`);

  beforeEach(() => {
    vi.stubEnv('TMPDIR', folder);
  });

  it('is made for this user alone', () => {
    expect(codeFolder()).toBe(path());
    expect(statSync(path()).mode & 0o777).toBe(0o700);
    expect(codeFolder()).toBe(path());
  });

  it.each([
    ['others can enter it', () => mkdirSync(path(), { mode: 0o755 })],
    ['it is a link', () => symlinkSync(mkdtempSync(join(folder, 'else-')), path())],
    ['it is a file', () => writeFileSync(path(), '')],
    ['it cannot be made', () => vi.stubEnv('TMPDIR', '/dev/null')],
  ])('is left alone when %s', (_, prepare) => {
    prepare();
    expect(codeFolder()).toBeUndefined();
  });

  it('is not made when there is to be no code cache', () => {
    expect(codeCacheEnvironment({ codeCache: false })).toEqual({ [codeCacheVariable]: undefined });
    expect(files()).toEqual([]);
  });
});
