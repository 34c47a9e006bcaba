/** The pipe in which agents say how far they are: one line a fact, with its time. */
import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Recorder } from '../support/recorder.mjs';

/** Something that an agent has told; see `agents/tell.mjs`. */
export interface Fact {
  fact: 'warm' | 'entry' | 'connected';
  /** By the clock of `clock.ts`. */
  at: number;
  pid: number;
  /** Empty when there is none yet. */
  room: string;
}

/** A named pipe that many processes write to. */
export class FactPipe {
  readonly path: string;
  readonly facts = new Recorder<Fact>((items) => `Facts: ${JSON.stringify(items)}.`);
  readonly #folder: string;
  readonly #socket: Socket;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
    this.path = join(this.#folder, 'facts');
    execFileSync('/bin/sh', ['-c', 'mkfifo "$1"', 'sh', this.path]);
    // Open for writing as well, so that it does not end between two writers.
    const fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    createInterface({ input: this.#socket }).on('line', (line) => {
      this.facts.add(JSON.parse(line) as Fact);
    });
  }

  /** Ends it and removes it. */
  close(): void {
    this.#socket.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
