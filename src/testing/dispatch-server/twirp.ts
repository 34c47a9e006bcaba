/** The server's HTTP API: Twirp, with bodies of JSON or protobuf, and errors in the real server's words. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VideoGrant } from 'livekit-server-sdk';

/** A message that can be answered in both encodings. */
interface Answer {
  toBinary: () => Uint8Array;
  toJson: (options: { emitDefaultValues: boolean; useProtoFieldName: boolean }) => unknown;
}

/** The class of a request's message. */
interface MessageClass<Request> {
  fromBinary: (bytes: Uint8Array) => Request;
  fromJsonString: (json: string, options: { ignoreUnknownFields: boolean }) => Request;
}

/** One method of the API, with its request decoded. */
export interface ApiMethod {
  /** Takes the body; `null` when it cannot be read. */
  decode: (body: Buffer, isBinary: boolean) => ApiCall | null;
}

/** A call that was read. */
export interface ApiCall {
  isAllowed: (grant: VideoGrant) => boolean;
  run: () => Answer | Promise<Answer>;
}

/** Defines a method: what it reads, which grant it needs, what it does. */
export function apiMethod<Request>(
  request: MessageClass<Request>,
  isAllowed: (grant: VideoGrant, request: Request) => boolean,
  run: (request: Request) => Answer | Promise<Answer>,
): ApiMethod {
  return {
    decode: (body, isBinary) => {
      try {
        const message = isBinary
          ? request.fromBinary(body)
          : request.fromJsonString(body.toString(), { ignoreUnknownFields: true });
        return {
          isAllowed: (grant) => isAllowed(grant, message),
          run: () => run(message),
        };
      } catch {
        return null;
      }
    },
  };
}

const statuses = {
  bad_route: 404,
  invalid_argument: 400,
  malformed: 400,
  not_found: 404,
  unauthenticated: 401,
  unavailable: 503,
  unimplemented: 501,
} as const;

/** An error that the caller of the API gets. */
export class TwirpError extends Error {
  readonly code: keyof typeof statuses;
  readonly meta: Record<string, string> | undefined;

  constructor(code: keyof typeof statuses, message: string, meta?: Record<string, string>) {
    super(message);
    this.code = code;
    this.meta = meta;
  }
}

/** An error as the server has it from one of its own parts. */
export function innerError(code: keyof typeof statuses, message: string): TwirpError {
  return new TwirpError(code, `twirp error unknown: ${message}`);
}

/** Reads the token of a request: its grant, or the text of the refusal. */
export type Authenticate = (
  request: IncomingMessage,
  url: URL,
) => { grant: VideoGrant } | { refusal: string };

/** The methods by their paths. */
export type Api = ReadonlyMap<string, ApiMethod>;

/** Answers one request to `/twirp/…`. */
export async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { api, authenticate }: { api: Api; authenticate: Authenticate },
): Promise<void> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim();
  const isBinary = type === 'application/protobuf';
  const body = await readBody(request);
  const identified = authenticate(request, url);
  if ('refusal' in identified) {
    response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(identified.refusal);
    return;
  }
  try {
    const method = request.method === 'POST' && isKnown(type) ? api.get(url.pathname) : undefined;
    if (method === undefined) throw badRoute(request, url, type);
    sendAnswer(response, await runCall(method, body, isBinary, identified.grant), isBinary);
  } catch (error) {
    if (!(error instanceof TwirpError)) throw error;
    sendError(response, error);
  }
}

async function runCall(
  method: ApiMethod,
  body: Buffer,
  isBinary: boolean,
  grant: VideoGrant,
): Promise<Answer> {
  const call = method.decode(body, isBinary);
  if (call === null) throw new TwirpError('malformed', unreadable(isBinary));
  if (!call.isAllowed(grant)) throw new TwirpError('unauthenticated', 'permissions denied');
  return call.run();
}

function isKnown(type: string | undefined): boolean {
  return type === 'application/json' || type === 'application/protobuf';
}

function badRoute({ method }: IncomingMessage, url: URL, type: string | undefined): TwirpError {
  const route = `${method} ${url.pathname}`;
  const words = isKnown(type) ? `no handler for path ${route}` : `unexpected Content-Type: ${type}`;
  return new TwirpError('bad_route', words, { twirp_invalid_route: route });
}

function unreadable(isBinary: boolean): string {
  return `the ${isBinary ? 'protobuf' : 'json'} request could not be decoded`;
}

function sendAnswer(response: ServerResponse, answer: Answer, isBinary: boolean): void {
  // LiveKit's SDK compares the whole value: no character set behind it.
  response.writeHead(200, {
    'content-type': isBinary ? 'application/protobuf' : 'application/json',
  });
  if (isBinary) response.end(answer.toBinary());
  else {
    const value = answer.toJson({ emitDefaultValues: true, useProtoFieldName: true });
    response.end(JSON.stringify(value));
  }
}

function sendError(response: ServerResponse, { code, message, meta }: TwirpError): void {
  response.writeHead(statuses[code], { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code, msg: message, ...(meta !== undefined && { meta }) }));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
