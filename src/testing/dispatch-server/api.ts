/** Every plain request: the server's own page, its API, and what does not exist. */
import type { ServerResponse } from 'node:http';
import { dispatchService, type ServiceWorld } from './dispatch-service.ts';
import type { Faults } from './faults.ts';
import type { RequestHandler } from './http-server.ts';
import { roomService } from './room-service.ts';
import { bearerOf, checkToken } from './tokens.ts';
import { answerCall, type Authenticate } from './twirp.ts';

/** What requests are answered from. */
export interface ApiWorld extends ServiceWorld {
  faults: Faults;
}

/** Makes the function that answers every plain request. */
export function requestHandler(world: ApiWorld): RequestHandler {
  const { faults, settings } = world;
  const api = new Map([...dispatchService(world), ...roomService(world.rooms)]);
  const authenticate: Authenticate = (request, url) => {
    const token = bearerOf(request, url);
    if (token === null) return { grant: {} };
    const check = 'refusal' in token ? token : checkToken(token.token, settings.keys);
    return 'refusal' in check ? check : { grant: check.claims.video ?? {} };
  };
  return (request, response, url) => {
    if (url.pathname === '/') return void response.end('OK');
    if (url.pathname === '/agent') return answerPlainAgent(response, authenticate(request, url));
    if (!url.pathname.startsWith('/twirp/'))
      return void response.writeHead(404).end('404 page not found\n');
    if (faults.api === 'ignore') return;
    if (faults.api !== 'answer') return void response.writeHead(faults.api).end('no');
    answerCall(request, response, url, { api, authenticate }).catch(() => {
      // The caller went away, or there is a bug here: the real server answers 500 to those.
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}

/** Not an upgrade: the token is looked at nevertheless. */
function answerPlainAgent(response: ServerResponse, token: ReturnType<Authenticate>): void {
  if (!('refusal' in token)) return void response.writeHead(404).end();
  response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' }).end(token.refusal);
}
