/** Who may talk to an inspector server: someone on this machine who knows the token in the URL. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Where the server listens, and nowhere else. */
export const LOOPBACK = '127.0.0.1';

const names = [LOOPBACK, 'localhost'];

/** The gate of one server. */
export class Access {
  readonly token = randomBytes(18).toString('base64url');
  /** Known once the server listens. */
  port = 0;

  /** Of the page and everything beside it. */
  get url(): string {
    return `http://${LOOPBACK}:${this.port}/${this.token}/`;
  }

  /**
   * The path behind the token, `''` for the page itself; `null` for everyone who has no business here. A name that only
   * resolves to this machine is refused: a page elsewhere may have rebound its own.
   */
  pathOf(request: IncomingMessage): string | null {
    if (!names.some((name) => request.headers.host === `${name}:${this.port}`)) return null;
    const [path = ''] = (request.url ?? '').split(/[?#]/, 1);
    const [, token = '', ...rest] = path.split('/');
    return isSame(token, this.token) && path.length > token.length + 1 ? rest.join('/') : null;
  }

  /** Programs send no `Origin`, our own pages send ours. */
  isOwnOrigin({ headers: { origin } }: IncomingMessage): boolean {
    return origin === undefined || names.some((name) => origin === `http://${name}:${this.port}`);
  }
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}
