/**
 * The page between a worker and the hosted Stately inspector. It opens the inspector as a window of its own, waits for its
 * handshake, and only then takes the stream: so the inspector gets every living actor, whenever it is opened or reloaded.
 * Nothing is uploaded: the messages go from this page to that window.
 */
import type { PageFile } from './page-files.ts';

/** Where the page is, relative to the page of the inspector server. */
export const BRIDGE_PATH = 'stately/';

/** Where its script takes the stream. Any receiver of Stately's WebSocket format can read it there. */
export const STATELY_STREAM_PATH = 'stately/stream';

/** The hosted inspector. */
export const STATELY_INSPECTOR = 'https://stately.ai/inspect';

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; }
button { font: inherit; padding: 0.5rem 1rem; }
:root { color-scheme: light dark; }
`;

/** The handshake is that of `createBrowserReceiver` of @statelyai/inspect. */
const script = `
'use strict';
const { inspector } = document.body.dataset;
const origin = new URL(inspector).origin;
const button = document.querySelector('button');
const status = document.querySelector('output');
let target = null;
let socket = null;
let count = 0;

button.addEventListener('click', () => {
  target = window.open(inspector, 'greenroom-stately-inspector');
  status.textContent = target === null ? 'The browser has blocked the window: allow it, and try again.' : 'Waiting for the inspector.';
});

window.addEventListener('message', (event) => {
  if (target === null || event.source !== target || event.origin !== origin) return;
  if (event.data !== null && typeof event.data === 'object' && event.data.type === '@statelyai.connected') connect();
});

function connect() {
  if (socket !== null) socket.close();
  const url = new URL('stream', location.href);
  url.protocol = 'ws:';
  const own = new WebSocket(url);
  socket = own;
  count = 0;
  own.addEventListener('message', ({ data }) => {
    if (own !== socket || target.closed) return own.close();
    target.postMessage(JSON.parse(data), origin);
    count += 1;
    status.textContent = count + ' messages sent to the inspector.';
  });
  own.addEventListener('close', () => {
    if (own === socket) status.textContent = 'The connection to the program has ended. Open the inspector again when it runs.';
  });
}
`;

/** The files of the bridge; `null` for paths that are none. */
export function bridgeFile(path: string, inspector: string): PageFile | null {
  switch (path) {
    case BRIDGE_PATH:
      return { type: 'text/html; charset=utf-8', body: html(inspector) };
    case `${BRIDGE_PATH}bridge.js`:
      return { type: 'text/javascript; charset=utf-8', body: script };
    case `${BRIDGE_PATH}bridge.css`:
      return { type: 'text/css; charset=utf-8', body: style };
    default:
      return null;
  }
}

function html(inspector: string): string {
  const shown = inspector
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Greenroom in the Stately inspector</title>
<link rel="stylesheet" href="bridge.css">
</head>
<body data-inspector="${shown}">
<h1>The Stately inspector</h1>
<p>It opens in a window of its own, from ${shown}. What your program does goes from this page to that
window; keep both open. Secrets are taken out before.</p>
<p><button type="button">Open the inspector</button></p>
<p><output>Not connected yet.</output></p>
<script src="bridge.js"></script>
</body>
</html>
`;
}
