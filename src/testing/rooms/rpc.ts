/** Remote procedure calls of one participant, in both directions. */
import { randomUUID } from 'node:crypto';
import type { PerformRpcParams, RpcInterceptor, RpcInvocationData } from '@livekit/rtc-node';
import type { Packet, RpcFailure } from './messages.ts';

/** Answers calls of one method. */
export type RpcHandler = (data: RpcInvocationData) => Promise<string>;

type Request = Extract<Packet, { type: 'rpc.request' }>;
type Response = Extract<Packet, { type: 'rpc.response' }>;

/** What the calls need of the room. */
export interface RpcPort {
  send: (to: string, packet: Packet) => void;
  isPresent: (identity: string) => boolean;
}

interface Pending {
  to: string;
  settle: (response: Pick<Response, 'payload' | 'failure'>) => void;
}

/** LiveKit's errors of a call, with its numbers and texts. */
const failures = {
  application: { code: 1500, message: 'Application error in method handler' },
  timeout: { code: 1502, message: 'Response timeout' },
  disconnected: { code: 1503, message: 'Recipient disconnected' },
  unsupported: { code: 1400, message: 'Method not supported at destination' },
  notFound: { code: 1401, message: 'Recipient not found' },
} as const satisfies Record<string, RpcFailure>;

const defaultTimeoutMs = 15_000;

/** An error of a call, in the shape of rtc-node's `RpcError`: tell it by `code`. */
class SimulatedRpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data?: string;

  constructor({ code, message, data }: RpcFailure) {
    super(message);
    this.code = code;
    if (data !== undefined) this.data = data;
  }
}

/** Performs calls and answers those of others. */
export class RpcCalls {
  readonly #port: RpcPort;
  readonly #handlers = new Map<string, RpcHandler>();
  readonly #interceptors: RpcInterceptor[] = [];
  readonly #pending = new Map<string, Pending>();

  constructor(port: RpcPort) {
    this.#port = port;
  }

  handle(method: string, handler: RpcHandler): void {
    this.#handlers.set(method, handler);
  }

  unhandle(method: string): void {
    this.#handlers.delete(method);
  }

  addInterceptor(interceptor: RpcInterceptor): void {
    if (!this.#interceptors.includes(interceptor)) this.#interceptors.push(interceptor);
  }

  removeInterceptor(interceptor: RpcInterceptor): void {
    const index = this.#interceptors.indexOf(interceptor);
    if (index >= 0) this.#interceptors.splice(index, 1);
  }

  /** @throws SimulatedRpcError */
  perform(params: PerformRpcParams): Promise<string> {
    let next = (call: PerformRpcParams): Promise<string> => this.#request(call);
    for (const interceptor of this.#interceptors.toReversed()) {
      const inner = next;
      if (interceptor.interceptOutgoing === undefined) continue;
      next = (call) => interceptor.interceptOutgoing?.(call, inner) ?? inner(call);
    }
    return next(params);
  }

  /** Another participant calls, or answers. */
  receive(from: string, packet: Request | Response): void {
    if (packet.type === 'rpc.request') void this.#answer(from, packet);
    else this.#pending.get(packet.id)?.settle(packet);
  }

  /** Nobody will answer any more: one participant, or all of them. */
  gone(identity: string | null): void {
    for (const { to, settle } of this.#pending.values()) {
      if (identity === null || to === identity) {
        settle({ payload: '', failure: failures.disconnected });
      }
    }
  }

  #request({ destinationIdentity: to, method, payload, responseTimeout }: PerformRpcParams) {
    const responseTimeoutMs = responseTimeout ?? defaultTimeoutMs;
    return new Promise<string>((resolve, reject) => {
      if (!this.#port.isPresent(to)) {
        reject(new SimulatedRpcError(failures.notFound));
        return;
      }
      const id = randomUUID();
      const settle: Pending['settle'] = (response) => {
        this.#pending.delete(id);
        clearTimeout(timer);
        if (response.failure === null) resolve(response.payload);
        else reject(new SimulatedRpcError(response.failure));
      };
      const timer = setTimeout(
        () => settle({ payload: '', failure: failures.timeout }),
        responseTimeoutMs,
      );
      this.#pending.set(id, { to, settle });
      this.#port.send(to, { type: 'rpc.request', id, method, payload, responseTimeoutMs });
    });
  }

  async #answer(from: string, { id, method, payload, responseTimeoutMs }: Request): Promise<void> {
    const respond = (answer: Pick<Response, 'payload' | 'failure'>): void =>
      this.#port.send(from, { type: 'rpc.response', id, ...answer });
    const invocation: RpcInvocationData = {
      requestId: id,
      callerIdentity: from,
      payload,
      responseTimeout: responseTimeoutMs,
      method,
    };
    try {
      respond({ payload: await this.#invoke(invocation), failure: null });
    } catch (error) {
      respond({ payload: '', failure: failureOf(error) });
    }
  }

  #invoke(invocation: RpcInvocationData): Promise<string> {
    let next: RpcHandler = async (data) => {
      const handler = this.#handlers.get(data.method);
      if (handler === undefined) throw new SimulatedRpcError(failures.unsupported);
      return handler(data);
    };
    for (const interceptor of this.#interceptors.toReversed()) {
      const inner = next;
      if (interceptor.interceptIncoming === undefined) continue;
      next = async (data) => interceptor.interceptIncoming?.(data, inner) ?? inner(data);
    }
    return next(invocation);
  }
}

/** An `RpcError` arrives as it was thrown; of any other error the caller learns nothing. */
function failureOf(error: unknown): RpcFailure {
  if (!(error instanceof Error)) return failures.application;
  const { code, data } = error as { code?: unknown; data?: unknown };
  if (typeof code !== 'number') return failures.application;
  return { code, message: error.message, ...(typeof data === 'string' && { data }) };
}
