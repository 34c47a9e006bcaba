/** The inspector server: the page and its stream, for this machine alone. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { WorkerError } from '../errors.ts';
import { Access, LOOPBACK } from './access.ts';
import { APP_PATH, CONTENT_SECURITY_POLICY, STREAM_PATH } from './frames.ts';
import type { HelloFacts } from './encoders.ts';
import type { FlowReader } from './flow-reader.ts';
import type { StreamHost } from './hub.ts';
import { PAGE_DIRECTORY, type PageFile, readPageFile } from './page-files.ts';
import { type AppSink, type SendEvent, serveApp, servePage, serveStately } from './sockets.ts';
import {
  BRIDGE_PATH,
  STATELY_INSPECTOR,
  STATELY_STREAM_PATH,
  bridgeFile,
} from './stately-bridge.ts';

/** What to serve. */
export interface InspectServerOptions {
  hub: StreamHost;
  /** What the page is told of it. */
  facts: Pick<HelloFacts, 'source' | 'title' | 'version'> & Partial<Pick<HelloFacts, 'recording'>>;
  /** Delivers an event that the page sends; without it the page only watches. */
  send?: SendEvent | undefined;
  /** Where other programs may send their streams; without it they may not. */
  apps?: AppSink;
  /** @defaultValue 0: any free one */
  port?: number;
  /** @defaultValue `https://stately.ai/inspect` */
  statelyInspector?: string;
  /** @defaultValue The page that was built with this package. */
  pageDirectory?: string;
}

/** A server that listens. */
export interface InspectServer {
  /** Of the page. Whoever knows it sees everything. */
  readonly url: string;
  /** Of the page that feeds the hosted Stately inspector. */
  readonly statelyUrl: string;
  /** Where receivers of Stately's WebSocket format get the stream. */
  readonly statelyStreamUrl: string;
  /** Where apps send their streams. */
  readonly appUrl: string;
  /** Ends it; readers are cut. */
  close: () => Promise<void>;
}

/** A frame of the page is an event; one of an app is an actor with its definition. */
const maxPayloadBytes = 4_000_000;

/** How long slow readers are waited for at the end. */
const lastWordsMs = 500;

const headers = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Starts a server on 127.0.0.1.
 * @throws WorkerError `GR_HTTP_PORT` when the port is taken.
 */
export async function serveInspector(options: InspectServerOptions): Promise<InspectServer> {
  const access = new Access();
  const server = createServer((request, response) => {
    void respond(options, access, request, response);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxPayloadBytes,
    perMessageDeflate: false,
  });
  const readers = new Set<FlowReader>();
  server.on('upgrade', (request, socket, head) => {
    const serve = socketServer(options, access, request);
    if (serve === null) return refuse(socket);
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      const reader = serve(accepted);
      if (reader === null) return;
      readers.add(reader);
      accepted.on('close', () => readers.delete(reader));
    });
  });
  await listen(server, options.port ?? 0);
  server.on('error', () => {});
  access.port = (server.address() as AddressInfo).port;
  const { url } = access;
  const socketUrl = url.replace('http:', 'ws:');
  return {
    url,
    statelyUrl: url + BRIDGE_PATH,
    statelyStreamUrl: socketUrl + STATELY_STREAM_PATH,
    appUrl: socketUrl + APP_PATH,
    close: async () => {
      await lastWords(readers);
      await close(server, sockets);
    },
  };
}

/** The answer is who reads there, if it is a reader. */
type ServeSocket = (socket: WebSocket) => FlowReader | null;

function socketServer(
  options: InspectServerOptions,
  access: Access,
  request: IncomingMessage,
): ServeSocket | null {
  const path = access.pathOf(request);
  // An app in a browser has the origin of its own server; it can only tell, and knows the token.
  const { apps, hub } = options;
  if (path === APP_PATH && apps !== undefined) {
    return (socket) => {
      serveApp(socket, apps);
      return null;
    };
  }
  if (!access.isOwnOrigin(request)) return null;
  if (path === STATELY_STREAM_PATH) return (socket) => serveStately(socket, hub);
  if (path !== STREAM_PATH) return null;
  return (socket) => servePage(socket, hub, helloFacts(options, access), options.send);
}

function helloFacts({ facts, send, apps }: InspectServerOptions, access: Access): HelloFacts {
  const { url } = access;
  const appUrl = url.replace('http:', 'ws:') + APP_PATH;
  return {
    recording: null,
    ...facts,
    canSend: send !== undefined,
    appLines: apps !== undefined ? appLines(url, appUrl) : null,
  };
}

/** The lines to add to an app, in Node and in a browser. */
export function appLines(url: string, appUrl: string): string[] {
  return [
    `const { inspect } = createWebSocketInspector({ url: '${appUrl}' });`,
    `const { inspect } = createBrowserInspector({ url: '${url}' });`,
  ];
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

async function respond(
  options: InspectServerOptions,
  access: Access,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = access.pathOf(request);
  if (path === null) return reply(response, 403, text('This address needs its token.'));
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return reply(response, 405, text('Only GET.'));
  }
  const { pageDirectory = PAGE_DIRECTORY, statelyInspector = STATELY_INSPECTOR } = options;
  const file = bridgeFile(path, statelyInspector) ?? (await readPageFile(pageDirectory, path));
  if (file === null) {
    const isPage = path === '';
    const message = isPage
      ? 'The page was not built: npm run build does it.'
      : 'There is no such file.';
    return reply(response, 404, text(message));
  }
  reply(response, 200, file, framing(options));
}

/** Apps may show their inspector in a frame; nobody frames a worker. */
function framing({ apps }: InspectServerOptions): string {
  return apps !== undefined
    ? "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"
    : "frame-ancestors 'none'";
}

function text(body: string): PageFile {
  return { type: 'text/plain; charset=utf-8', body };
}

function reply(response: ServerResponse, status: number, file: PageFile, frames = ''): void {
  response.writeHead(status, {
    ...headers,
    'content-type': file.type,
    'content-length': Buffer.byteLength(file.body),
    'content-security-policy':
      frames === '' ? CONTENT_SECURITY_POLICY : `${CONTENT_SECURITY_POLICY}; ${frames}`,
  });
  response.end(file.body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const message = `The inspector cannot listen on ${LOOPBACK}, port ${port} (${error.message}). Leave the port out for a free one.`;
      reject(new WorkerError('GR_HTTP_PORT', message, { cause: error }));
    };
    server.once('error', fail);
    server.listen({ host: LOOPBACK, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** What has just happened is the end of the story: readers get it, unless they are too slow. */
async function lastWords(readers: ReadonlySet<FlowReader>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lastWordsMs);
  });
  await Promise.race([Promise.all([...readers].map((reader) => reader.drained())), enough]);
  clearTimeout(timer);
}

function close(server: Server, sockets: WebSocketServer): Promise<void> {
  return new Promise((resolve) => {
    for (const socket of sockets.clients) socket.close(1001, 'the program has ended');
    server.close(() => resolve());
    server.closeAllConnections();
    // A stalled reader does not answer.
    for (const socket of sockets.clients) socket.terminate();
  });
}
