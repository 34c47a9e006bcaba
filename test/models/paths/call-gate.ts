/** The room API of a server, whose calls wait until the test lets them through. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Recorder } from '../../support/recorder.mjs';

interface Call {
  method: string;
  request: IncomingMessage;
  body: Buffer;
  response: ServerResponse;
  isThrough: boolean;
}

/** Stands before the server at `to`, on an HTTP server of the test. */
export class CallGate {
  readonly #to: URL;
  readonly #calls = new Recorder<Call>((calls) => calls.map(({ method }) => method).join(', '));

  constructor(http: Server, to: string) {
    this.#to = new URL(to.replace(/^ws/, 'http'));
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void buffer(request).then((body) => {
        const method = request.url?.split('/').at(-1) ?? '';
        this.#calls.add({ method, request, body, response, isThrough: false });
      });
    });
  }

  /** Lets the next call of a method through to the server, and the answer back. */
  async pass(method: string): Promise<void> {
    const call = await this.#calls.waitFor(
      `A call of ${method}`,
      (one) => one.method === method && !one.isThrough,
    );
    await this.#forward(call);
  }

  /** Lets all calls through, and those to come. */
  passAll(): void {
    const forward = (call: Call): void => void this.#forward(call);
    for (const call of this.#calls.items) if (!call.isThrough) forward(call);
    this.#calls.watch(forward);
  }

  async #forward(call: Call): Promise<void> {
    call.isThrough = true;
    const { request, body, response } = call;
    const { authorization = '', 'content-type': contentType = '' } = request.headers;
    const answer = await fetch(new URL(request.url ?? '', this.#to), {
      method: 'POST',
      headers: { authorization, 'content-type': contentType },
      body: new Uint8Array(body),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(await answer.text());
  }
}
