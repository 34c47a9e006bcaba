import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary directory for the files of one session: made when it is first asked for, removed at the end. */
export class SessionDirectory {
  readonly #jobId: string;
  #path: string | null = null;

  constructor(jobId: string) {
    this.#jobId = jobId;
  }

  /** Its absolute path. */
  get path(): string {
    const name = this.#jobId.replaceAll(/[^\w-]/g, '_');
    this.#path ??= mkdtempSync(join(tmpdir(), `greenroom-${name}-`));
    return this.#path;
  }

  /** Removes it with everything in it. */
  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { recursive: true, force: true });
    this.#path = null;
  }
}
