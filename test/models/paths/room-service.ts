/** The room API of a server, whose calls wait until the test answers them. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One server on loopback. */
export class RoomService {
  readonly #http = createServer();
  readonly #calls = new Map<string, ServerResponse>();
  readonly #waiting = new Map<string, (response: ServerResponse) => void>();

  static async start(): Promise<RoomService> {
    const service = new RoomService();
    await service.#listen();
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Answers the call of a method with a status, as soon as it is there. */
  async answer(method: string, status: number): Promise<void> {
    const response = await this.#call(method);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(status === 200 ? '{}' : '{"code":"internal","msg":"no luck"}');
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  async #listen(): Promise<void> {
    this.#http.on('request', ({ url = '' }, response) => {
      const method = url.split('/').at(-1) ?? '';
      const waiter = this.#waiting.get(method);
      if (waiter === undefined) this.#calls.set(method, response);
      else waiter(response);
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
  }

  #call(method: string): Promise<ServerResponse> {
    const response = this.#calls.get(method);
    this.#calls.delete(method);
    if (response !== undefined) return Promise.resolve(response);
    return new Promise((resolve) => this.#waiting.set(method, resolve));
  }
}
