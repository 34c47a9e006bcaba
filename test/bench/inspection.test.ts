import { once } from 'node:events';
import { platform } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { type AddressInfo, WebSocketServer } from 'ws';
import { cycleFigures, inspectionFigures } from './scenes/inspection.ts';
import { stalledFigures } from './scenes/stalled-viewer.ts';
import { Viewer, waitingBytes } from './viewer.ts';

test('what a cycle costs more is told in percent of the one without an inspector', () => {
  expect(inspectionFigures({ off: 400, unwatched: 402, watched: 390 })).toEqual({
    'inspection-off-cpu': 400,
    'inspection-unwatched-cpu': 402,
    'inspection-watched-cpu': 390,
    'inspection-unwatched-more': expect.closeTo(0.5),
    'inspection-watched-more': expect.closeTo(-2.5),
  });
});

test('a short run tells what the cycles took, and no percentage of so little', () => {
  expect(cycleFigures({ off: 400, unwatched: 402, watched: 390 })).toEqual({
    'inspection-off-cpu': 400,
    'inspection-unwatched-cpu': 402,
    'inspection-watched-cpu': 390,
  });
});

test('the greatest difference of what is held counts, and the last one of what is resident', () => {
  const pair = (reader: number, stalled: number) => ({
    reader: { held: reader * 1e6, rss: (100 + reader) * 1e6 },
    stalled: { held: stalled * 1e6, rss: (101 + stalled) * 1e6 },
  });
  expect(stalledFigures([pair(20, 20), pair(25, 29), pair(26, 25)])).toEqual({
    'stalled-viewer-memory': 4,
    'stalled-viewer-rss': 0,
  });
});

test('what waits for a port is counted at both ends, and nothing of other ports', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A395 0100007F:8478 01 00000010:00000002 00:00000000 00000000     0        0 1
   1: 0100007F:8478 0100007F:A395 01 00000000:00000100 00:00000000 00000000     0        0 2
   2: 0100007F:A395 0100007F:1478 01 00001000:00001000 00:00000000 00000000     0        0 3`;
  expect(waitingBytes(table, 0x8478)).toBe(0x10 + 0x2 + 0x100);
});

test.skipIf(platform() !== 'linux')(
  'a stalled viewer reads the first message and no other, until it reads on',
  async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const long = `{"type":"batch","messages":["${'x'.repeat(1_000_000)}"]}`;
    server.on('connection', (socket) => {
      socket.send('{"type":"hello"}');
      for (let count = 0; count < 20; count += 1) socket.send(long);
      socket.send('{"type":"dropped","count":1}');
    });
    const viewer = await Viewer.open(`http://127.0.0.1:${port}/`, { isStalled: true });
    onTestFinished(() => viewer.close());
    expect(viewer.frameTypes.items).toEqual(['hello']);
    await expect.poll(() => viewer.waitingBytes).toBeGreaterThan(100_000);
    expect(viewer.frameTypes.items).toEqual(['hello']);
    await viewer.lost();
    expect(viewer.frameTypes.items).toHaveLength(22);
    expect(viewer.charactersRead).toBeGreaterThan(20_000_000);
  },
);

test.skipIf(platform() !== 'linux')('a viewer is told when nobody answers', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  server.on('connection', (socket) => socket.close());
  const { port } = server.address() as AddressInfo;
  const opening = Viewer.open(`http://127.0.0.1:${port}/`, { isStalled: false });
  await expect(opening).rejects.toThrow('has closed the connection');
});
