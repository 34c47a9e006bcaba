/** Waits until no HTTP is on its way inside of this process: a clock must not go on while a call has not arrived. */
import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';

const traffic = { sent: 0, arrived: 0, answered: 0, read: 0 };

const count = (channel: string, what: keyof typeof traffic) =>
  subscribe(channel, () => void (traffic[what] += 1));

count('undici:request:create', 'sent');
count('http.server.request.start', 'arrived');
count('http.server.response.finish', 'answered');
count('undici:request:trailers', 'read');

/** Resolves when every request has arrived and every answer was read. Requests that wait for their answer count as settled. */
export async function httpSettled(): Promise<void> {
  while (traffic.arrived < traffic.sent || traffic.read < traffic.answered) await nextTurn();
}
