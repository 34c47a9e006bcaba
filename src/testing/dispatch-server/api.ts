/** Every plain request: the server's own page, its API, and what does not exist. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dispatchService, type ServiceWorld } from './dispatch-service.ts';
import type { Faults } from './faults.ts';
import { roomService } from './room-service.ts';
import { bearerOf, checkToken } from './tokens.ts';
import { answerCall } from './twirp.ts';

/** What requests are answered from. */
export interface ApiWorld extends ServiceWorld {
  faults: Faults;
}

/** Answers a request. */
export function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  world: ApiWorld,
): void {
  const { faults, settings } = world;
  if (url.pathname === '/') return void response.end('OK');
  if (url.pathname === '/agent') return answerPlainAgent(request, response, url, world);
  if (!url.pathname.startsWith('/twirp/'))
    return void response.writeHead(404).end('404 page not found\n');
  if (faults.api === 'ignore') return;
  if (faults.api !== 'answer') return void response.writeHead(faults.api).end('no');
  const authenticate = () => {
    const token = bearerOf(request, url);
    if (token === null) return { grant: {} };
    if ('refusal' in token) return token;
    const check = checkToken(token.token, settings.keys);
    return 'refusal' in check ? check : { grant: check.claims.video ?? {} };
  };
  const api = new Map([...dispatchService(world), ...roomService(world.rooms)]);
  answerCall(request, response, url, { api, authenticate }).catch(() => {
    // The caller went away, or there is a bug here: the real server answers 500 to those.
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}

/** Not an upgrade: the token is looked at nevertheless. */
function answerPlainAgent(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { settings }: ApiWorld,
): void {
  const token = bearerOf(request, url);
  const check =
    token === null || 'refusal' in token ? token : checkToken(token.token, settings.keys);
  if (check === null || !('refusal' in check)) return void response.writeHead(404).end();
  response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' }).end(check.refusal);
}
