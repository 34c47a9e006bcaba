/** Health for orchestrators and a short description for tools, over HTTP. Reads, and sends nothing into the worker. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WorkerError } from '../errors.ts';

/** What `GET /worker` tells; the names are those of `@livekit/agents`. */
export interface WorkerInfo {
  agent_name: string;
  agent_name_is_env: boolean;
  deployment: string;
  /** `JT_ROOM`, `JT_PUBLISHER` or `JT_PARTICIPANT`. */
  worker_type: string;
  active_jobs: number;
  sdk_version: string;
  worker_load: number;
}

/** Where the answers come from. */
export interface HealthSource {
  health: () => { ok: boolean; reason: string };
  worker: () => WorkerInfo;
}

/** Where to listen. */
export interface HealthServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  source: HealthSource;
  /**
   * How long a request may take to arrive. @defaultValue 5000 ms
   */
  requestTimeoutMs?: number;
}

/** A health server that listens. */
export interface HealthServer {
  /** The port it listens on. */
  readonly port: number;
  /** Ends it; open connections are cut. */
  close: () => Promise<void>;
}

/** Orchestrators ask short questions; whoever sends more, or slowly, is cut off. */
const maxHeaderBytes = 8 * 1024;
const defaultRequestTimeoutMs = 5_000;
const maxConnections = 256;

interface Answer {
  status: number;
  type: 'text/plain; charset=utf-8' | 'application/json; charset=utf-8';
  body: string;
  headers?: Record<string, string>;
}

/**
 * Starts the health server.
 * @throws WorkerError `GR_HTTP_PORT` when it cannot listen there.
 */
export async function listenHealth(options: HealthServerOptions): Promise<HealthServer> {
  const { source, requestTimeoutMs = defaultRequestTimeoutMs } = options;
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 5),
  };
  const server = createServer(limits, (request, response) => respond(source, request, response));
  server.maxConnections = maxConnections;
  await listen(server, options);
  // What goes wrong with one connection concerns that connection only.
  server.on('error', () => {});
  const { port } = server.address() as AddressInfo;
  return { port, close: () => close(server) };
}

function listen(server: Server, { host, port }: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(listenFailure(error, host, port));
    };
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program listens there: end it, give another port, 0 for any free one, or null for no HTTP server.',
  EACCES: 'This user may not listen there: give a port of at least 1024.',
  EADDRNOTAVAIL: 'This machine has no such address: give one of its own, or 0.0.0.0 for all.',
  ENOTFOUND: 'The host name cannot be resolved: give an address of this machine.',
};

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): WorkerError {
  const hint = advice[error.code ?? ''] ?? 'Give another host or port.';
  return new WorkerError(
    'GR_HTTP_PORT',
    `The HTTP server cannot listen on host ${host}, port ${port} (${error.message}). ${hint}`,
    { cause: error, details: { host, port, code: error.code } },
  );
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The error says that it was closed before; closed is what was asked for.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function respond(source: HealthSource, request: IncomingMessage, response: ServerResponse): void {
  const { status, type, body, headers } = answerTo(source, request);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  // Node leaves the body of an answer to HEAD out.
  response.end(body);
}

function answerTo(source: HealthSource, request: IncomingMessage): Answer {
  const path = (request.url ?? '/').split(/[?#]/, 1)[0];
  const answer = path === '/' ? healthAnswer : path === '/worker' ? workerAnswer : undefined;
  if (answer === undefined) return text(404, 'not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...text(405, 'method not allowed'), headers: { allow: 'GET, HEAD' } };
  }
  try {
    return answer(source);
  } catch (error) {
    return text(500, `the worker could not be read: ${String(error)}`);
  }
}

function healthAnswer(source: HealthSource): Answer {
  const { ok, reason } = source.health();
  return ok ? text(200, 'OK') : text(503, reason);
}

function workerAnswer(source: HealthSource): Answer {
  const body = { ...source.worker(), project_type: 'nodejs', protocol_version: 1 };
  return { status: 200, type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}
