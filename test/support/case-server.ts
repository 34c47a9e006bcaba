/** A real LiveKit server for one fault case alone, which may kill it and start it again. */
import { inject } from 'vitest';
import type { FaultRecord } from './fault.ts';
import { type LiveKitServer, type Ports, startLiveKitServer } from './livekit-server.mjs';
import { testGuard } from './worker-program.ts';

/** Starts a server that is gone after the case; `again` is a server whose ports and keys it takes over. */
export async function startCaseServer(
  record: Pick<FaultRecord, 'after'>,
  again?: { ports: Ports; apiSecret: string },
): Promise<LiveKitServer> {
  const server = await startLiveKitServer({
    binary: inject('liveKitBinary'),
    guard: testGuard(),
    // A room closes 2 s after its last caller.
    config: { room: { departure_timeout: 2 } },
    ...(again !== undefined && { ports: again.ports, apiSecret: again.apiSecret }),
  });
  record.after(() => server.stop());
  return server;
}
