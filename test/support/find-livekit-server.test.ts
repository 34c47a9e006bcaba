import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLiveKitServer, serverVersion } from './find-livekit-server.mjs';
import { testGuard } from './worker-program.ts';

let home: string;
let bin: string;
let built: string;
let env: NodeJS.ProcessEnv;
let reports: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'greenroom-find-'));
  bin = join(home, 'bin');
  const cache = join(home, 'cache');
  built = join(cache, 'greenroom', `livekit-server-v${serverVersion}`, 'server');
  await mkdir(bin);
  env = { PATH: bin, HOME: home, XDG_CACHE_HOME: cache };
  reports = [];
});

afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const find = (more: NodeJS.ProcessEnv = {}) =>
  findLiveKitServer({
    guard: testGuard(),
    report: (line) => reports.push(line),
    env: { ...env, ...more },
  });

async function program(path: string, script: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const serverScript = (version: string) => `echo livekit-server version ${version}`;

/** A stand-in for Go: "builds" a server that says version 1.13.5, as `go install` does into GOBIN. */
const goScript = `/bin/cat > "$GOBIN/server" <<'EOF'
#!/bin/sh
echo livekit-server version 1.13.5
EOF
/bin/chmod +x "$GOBIN/server"`;

test('the named program comes first, then the PATH, then one that was built before, then Go', async () => {
  await program(join(bin, 'go'), goScript);
  expect(await find()).toEqual({ path: built, version: '1.13.5', origin: 'built now' });
  expect(reports).toEqual(['building LiveKit server 1.13.5 with Go; it takes a few minutes, once']);
  // Nothing but the program is left in the cache.
  expect(await readdir(join(home, 'cache', 'greenroom'))).toEqual([
    `livekit-server-v${serverVersion}`,
  ]);

  expect(await find()).toEqual({ path: built, version: '1.13.5', origin: 'built before' });

  const onPath = await program(join(bin, 'livekit-server'), serverScript('1.14.0'));
  expect(await find()).toEqual({ path: onPath, version: '1.14.0', origin: 'on the PATH' });

  const named = await program(join(home, 'my-server'), serverScript('1.12.0'));
  expect(await find({ LIVEKIT_SERVER_BIN: named })).toEqual({
    path: named,
    version: '1.12.0',
    origin: 'LIVEKIT_SERVER_BIN',
  });
});

test('a named program that is no server is an error, though others could be had', async () => {
  await program(built, serverScript('1.13.5'));
  const named = await program(join(home, 'other'), 'echo something else');
  await expect(find({ LIVEKIT_SERVER_BIN: named })).rejects.toThrow(
    `LIVEKIT_SERVER_BIN is "${named}", which is not a LiveKit server that runs here.`,
  );
});

test('a program that does not run is passed over', async () => {
  await program(join(bin, 'livekit-server'), 'exit 1');
  await program(built, serverScript('1.13.5'));
  expect(await find()).toMatchObject({ path: built });
});

test('with nothing to be had, it tells what to install', async () => {
  await expect(find()).rejects.toThrow(
    /There is no LiveKit server on this machine[^]*LIVEKIT_URL[^]*livekit-server on the PATH[^]*LIVEKIT_SERVER_BIN[^]*Go/,
  );
});

test('a build that fails shows what Go said and leaves nothing', async () => {
  await program(join(bin, 'go'), 'echo "no such module" >&2; exit 1');
  await expect(find()).rejects.toThrow(/ended with exit code 1[^]*no such module[^]*install Go/);
  expect(existsSync(built)).toBe(false);
  expect(await readdir(join(home, 'cache', 'greenroom'))).toEqual([
    `livekit-server-v${serverVersion}`,
  ]);
});

test('a build that was killed is not taken for a server', async () => {
  await program(join(bin, 'go'), `${goScript}; kill -KILL $$`);
  await expect(find()).rejects.toThrow(/ended with SIGKILL/);
  expect(existsSync(built)).toBe(false);
});
