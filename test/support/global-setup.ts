/** One LiveKit server for all end-to-end tests. */
import { startGuard } from './guard.mjs';
import { findLiveKitServer } from './find-livekit-server.mjs';
import { startLiveKitServer } from './livekit-server.mjs';
import type { ServerAccess } from './participants.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the server of this test run is. */
    liveKit: ServerAccess;
    /** Path of the server program, for tests that need a server of their own. */
    liveKitBinary: string;
  }
}

/** Set by who only looks at which tests there are. */
const { GREENROOM_TESTS_ONLY_COLLECTED: onlyCollected } = process.env;

/** Starts the server before the first test; what it returns ends it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (onlyCollected !== undefined) return provideNothing(project);
  const guard = startGuard();
  const report = (line: string) => void process.stderr.write(`${line}\n`);
  const { path } = await findLiveKitServer({ guard, report });
  // A room closes 2 s after its last caller, not 20.
  const config = { room: { departure_timeout: 2 } };
  const server = await startLiveKitServer({ binary: path, guard, config });
  const { url, apiKey, apiSecret } = server;
  project.provide('liveKit', { url, apiKey, apiSecret });
  project.provide('liveKitBinary', path);
  return async () => {
    await server.stop();
    await guard.close();
  };
}

/** No test runs: that there is no server is seen by nobody, and nobody waits until one is built. */
function provideNothing(project: TestProject): () => Promise<void> {
  project.provide('liveKit', { url: 'ws://127.0.0.1', apiKey: '', apiSecret: '' });
  project.provide('liveKitBinary', '');
  return async () => {};
}
