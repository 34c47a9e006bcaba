/** One LiveKit server for all end-to-end tests. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuard } from './guard.mjs';
import { findLiveKitServer } from './find-livekit-server.mjs';
import { startLiveKitServer } from './livekit-server.mjs';
import type { ServerAccess } from './participants.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the server of this test run is, and a file with what it logs of workers. */
    liveKit: ServerAccess & { agentsLog: string };
    /** Path of the server program, for tests that need a server of their own. */
    liveKitBinary: string;
  }
}

/** Starts the server before the first test; what it returns ends it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const guard = startGuard();
  const report = (line: string) => void process.stderr.write(`${line}\n`);
  const { path } = await findLiveKitServer({ guard, report });
  // A room closes 2 s after its last caller, not 20.
  const config = { room: { departure_timeout: 2 } };
  const server = await startLiveKitServer({ binary: path, guard, config });
  const { url, apiKey, apiSecret } = server;
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-livekit-'));
  const agentsLog = join(folder, 'agents.log');
  writeFileSync(agentsLog, '');
  server.output.watch((line) => {
    if (line.includes('"livekit.agents"')) appendFileSync(agentsLog, `${line}\n`);
  });
  project.provide('liveKit', { url, apiKey, apiSecret, agentsLog });
  project.provide('liveKitBinary', path);
  return async () => {
    await server.stop();
    await guard.close();
    rmSync(folder, { recursive: true });
  };
}
