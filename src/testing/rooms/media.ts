import { WorkerError } from '../../errors.ts';

/**
 * Simulated rooms have no media.
 * @throws WorkerError `GR_NO_MEDIA`
 */
export async function rejectMedia(what: string): Promise<never> {
  throw new WorkerError(
    'GR_NO_MEDIA',
    `${what} needs media, and this room is simulated: participants, data, attributes and RPC work here, audio and video do not. Run this on a real LiveKit server, or keep it out of the test.`,
    { details: { what } },
  );
}
