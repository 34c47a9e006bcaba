/** The code cache for a Node that has none of its own: each CommonJS module and what V8 made of it, in one sealed file. */
import { hash } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { findBeside } from './kept-paths.ts';
import { readOwnFile } from './own-file.ts';
import type { Releasable } from './releasable.ts';
import { seal, sealedFormat, unseal, type Part } from './sealed-parts.ts';

/** Compiles a module and runs it: how every CommonJS module is loaded in the end. Left out of Node's types. */
type Compile = (this: NodeJS.Module, content: string, file: string, format?: string) => unknown;

type Run = (
  this: unknown,
  exports: unknown,
  require: NodeJS.Require,
  module: NodeJS.Module,
  file: string,
  folder: string,
) => unknown;

interface Compiled {
  script: Script;
  source: string;
}

const prototype = nodeModule.prototype as unknown as { _compile: Compile };

const ownRequire = createRequire(import.meta.url);

/** What stands before a module, and behind it, where it is compiled. */
const wrapped = nodeModule.wrap('');
const wrapperHead = wrapped.slice(0, wrapped.indexOf('\n'));
const wrapperTail = wrapped.slice(wrapperHead.length);

/** In a stack trace the first line of a module begins where the module does. */
const columnOffset = -wrapperHead.length;

/** Code from a cache cannot import, and what begins with `#!` cannot be wrapped. */
const leftToNode = /^#!|\bimport\s*\(/;

/** Takes part in the loading of CommonJS modules from when it is made until it is stopped. */
export class CompiledModules {
  readonly #path: string;
  readonly #file: Releasable | null;
  readonly #kept: Map<string, Part>;
  readonly #compiled = new Map<string, Compiled>();
  readonly #compileByNode = prototype._compile;
  readonly #hook: Compile;
  readonly #stopFinding: () => void;
  /** How many modules were not kept. */
  #missing = 0;
  #isStopped = false;

  /** Another Node, other flags and another copy of this package have a file of their own: V8 compiles in another way there. */
  constructor(folder: string, flags: string) {
    const { version, arch } = process;
    const key = [sealedFormat, version, arch, flags, fileURLToPath(import.meta.url)].join('\n');
    this.#path = join(folder, `${hash('sha256', key)}.code`);
    this.#file = readOwnFile(this.#path);
    this.#kept = unseal(this.#file?.bytes ?? null);
    this.#hook = this.#makeHook();
    prototype._compile = this.#hook;
    this.#stopFinding = findBeside(this.#kept);
  }

  /** What is loaded from now on is none of its business. */
  stop(): void {
    this.#isStopped = true;
    // Another hook may stand on this one.
    if (prototype._compile === this.#hook) prototype._compile = this.#compileByNode;
    this.#stopFinding();
    this.#kept.clear();
    this.#file?.release();
    if (this.#missing === 0) this.#compiled.clear();
  }

  /** Keeps what was compiled, if anything was not there yet; answers how much. */
  save(): number {
    const missing = this.#missing;
    if (missing === 0) return 0;
    const parts = new Map<string, Part>();
    for (const [file, { script, source }] of this.#compiled) {
      parts.set(file, { source, data: script.createCachedData() });
    }
    this.#compiled.clear();
    this.#missing = 0;
    const { bytes, release } = seal(parts);
    replaceFile(this.#path, bytes);
    release();
    return missing;
  }

  #makeHook(): Compile {
    const byNode = this.#compileByNode;
    const load = (content: string, file: string): Run | null => this.#load(content, file);
    return function compile(content, file, format) {
      const run = format === 'module' ? null : load(content, file);
      if (run === null) return byNode.call(this, content, file, format);
      return run.call(this.exports, this.exports, requireOf(this), this, file, dirname(file));
    };
  }

  /** `null` leaves the module to Node. */
  #load(content: string, file: string): Run | null {
    if (this.#isStopped) return null;
    const kept = this.#kept.get(file);
    const isKept = kept !== undefined && isWrapped(content, kept.source);
    if (!isKept && leftToNode.test(content)) return null;
    const source = isKept ? kept.source : `${wrapperHead}${content}${wrapperTail}`;
    const cachedData = isKept ? kept.data : undefined;
    try {
      const script = new Script(source, { filename: file, columnOffset, cachedData });
      if (cachedData === undefined || script.cachedDataRejected === true) this.#missing += 1;
      this.#compiled.set(file, { script, source });
      return script.runInThisContext() as Run;
    } catch {
      // Node knows how to tell what is wrong with it, or that it is an ES module.
      return null;
    }
  }
}

function isWrapped(content: string, source: string): boolean {
  return source.slice(wrapperHead.length, -wrapperTail.length) === content;
}

/** What Node gives each module; `createRequire()` does the same, but ten times as slowly. */
function requireOf(module: NodeJS.Module): NodeJS.Require {
  const require = (request: string): unknown => module.require(request);
  const { resolve } = ownRequire;
  return Object.assign(require, ownRequire, {
    resolve: Object.assign(
      (...args: Parameters<typeof resolve>) => createRequire(module.filename).resolve(...args),
      { paths: (request: string) => createRequire(module.filename).resolve.paths(request) },
    ),
  });
}

/** Readers see the old file or the new one. That it cannot be written is no failure: the next process compiles again. */
function replaceFile(file: string, data: Buffer): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, data, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
  }
}
