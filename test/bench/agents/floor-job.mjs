// A bare job process: the native library and a link, nothing else. It ends with its room, or with its worker.
import { Room } from '@livekit/rtc-node';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tell } from './tell.mjs';

const { BENCH_CONNECT_DELAY_MS } = process.env;

// As the option `quickConnect` does it.
const hiddenPrograms = fileURLToPath(
  new URL('../../../src/child/hidden-programs', import.meta.url),
);
process.env['PATH'] = `${hiddenPrograms}:${process.env['PATH']}`;

process.on('disconnect', () => process.exit());
process.on('message', (/** @type {{ url: string, token: string, room: string }} */ order) => {
  void join(order);
});
tell('warm');

/** @param {{ url: string, token: string, room: string }} order */
async function join({ url, token, room: name }) {
  tell('entry', name);
  if (BENCH_CONNECT_DELAY_MS !== undefined) await pause(Number(BENCH_CONNECT_DELAY_MS));
  const room = new Room();
  room.on('disconnected', () => process.exit());
  await room.connect(url, token, { autoSubscribe: true, dynacast: false });
  tell('connected', name);
  process.send?.('connected');
}
