/** Where the stream comes from: our own server, or an app that has opened this page. */
import type { FromPage, ToPage } from '../frames.ts';
import { STREAM_PATH } from '../frames.ts';
import { isStatelyMessage } from './model/ingest.ts';
import type { Store } from './model/store.ts';

const firstRetryMs = 500;
const longestRetryMs = 10_000;

/** The WebSocket beside this page; it comes back by itself. */
export class ServerStream {
  readonly #store: Store;
  #socket: WebSocket | null = null;
  #retryMs = firstRetryMs;

  constructor(store: Store) {
    this.#store = store;
  }

  connect(): void {
    const url = new URL(STREAM_PATH, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#retryMs = firstRetryMs;
      this.#store.ingest.take(JSON.parse(data) as ToPage);
      this.#store.changed();
    });
    socket.addEventListener('close', () => this.#onClose());
  }

  /** Whether it could be sent. */
  send(frame: FromPage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #onClose(): void {
    const { ingest } = this.#store;
    if (ingest.connection !== 'ended') ingest.connection = 'lost';
    this.#store.changed();
    if (ingest.connection === 'ended') return;
    setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }
}

/** Stately's handshake: whoever has opened or framed this page sends its messages by `postMessage`. */
export function listenToOpener(store: Store): void {
  const frame = window.parent === window ? null : window.parent;
  const opener = (window.opener as Window | null) ?? frame;
  if (opener === null) return;
  window.addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
    if (source !== opener) return;
    for (const message of Array.isArray(data) ? (data as unknown[]) : [data]) {
      if (isStatelyMessage(message)) store.ingest.takeForeign(message);
    }
    store.changed();
  });
  const greet = (): void => opener.postMessage({ type: '@statelyai.connected' }, '*');
  if (opener !== frame || document.readyState === 'complete') greet();
  // Who frames a page knows its window from the frame's own `load` on, and what is sent before is lost.
  else window.addEventListener('load', () => setTimeout(greet));
}
