/**
 * Tells of changed source files in some directories and below. Node's own recursive `fs.watch` would look into
 * `node_modules` as well, where a project has most of its files.
 */
import { type Dirent, type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs';
import { basename, join } from 'node:path';

/** What to watch, and whom to tell. */
export interface WatchOptions {
  directories: readonly string[];
  /** The files that changed, were made or are gone, once nothing has changed for `debounceMs`. */
  onChange: (files: string[]) => void;
  /** Some files cannot be watched. */
  onError: (error: Error) => void;
  /**
   * @defaultValue 150
   */
  debounceMs?: number;
}

/** A project has fewer; whoever has more has started it in the wrong directory. */
const maxDirectories = 2000;
const defaultDebounceMs = 150;
const watchedNames = /\.(?:[cm]?[jt]s|json)$|^\.env(?:\.|$)/;
const skippedDirectories = /^(?:\..*|node_modules|dist)$/;

/** Starts watching; what it returns ends it. */
export function watchFiles(options: WatchOptions): () => void {
  const watcher = new FilesWatcher(options);
  return () => watcher.close();
}

class FilesWatcher {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  /** What is known of each file: an event without a difference is none. */
  readonly #stamps = new Map<string, string>();
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    for (const directory of options.directories) this.#addDirectory(directory);
    this.#changed.clear();
    clearTimeout(this.#timer);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches first and looks then: a file that is made in between is seen twice, and never missed. */
  #addDirectory(directory: string): void {
    if (this.#watchers.has(directory) || !this.#watch(directory)) return;
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!skippedDirectories.test(entry.name)) this.#addDirectory(path);
      } else this.#look(path);
    }
  }

  #watch(directory: string): boolean {
    if (this.#watchers.size >= maxDirectories) {
      if (!this.#isFull) {
        const text = `${directory} and others are not watched: there are more than ${maxDirectories} directories`;
        this.#options.onError(new Error(text));
      }
      this.#isFull = true;
      return false;
    }
    try {
      const watcher = watch(directory, (_event, name) => this.#touched(directory, name));
      watcher.on('error', () => this.#forgetDirectory(directory));
      this.#watchers.set(directory, watcher);
      return true;
    } catch (error) {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #touched(directory: string, name: string | null): void {
    if (name === null) return;
    const path = join(directory, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
      if (!skippedDirectories.test(name)) this.#addDirectory(path);
      return;
    }
    this.#forgetDirectory(path);
    this.#look(path);
  }

  #look(path: string): void {
    if (!watchedNames.test(basename(path))) return;
    const stamp = stampOf(path);
    if (stamp === this.#stamps.get(path)) return;
    if (stamp === undefined) this.#stamps.delete(path);
    else this.#stamps.set(path, stamp);
    this.#changed.add(path);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), this.#options.debounceMs ?? defaultDebounceMs);
  }

  #tell(): void {
    const files = [...this.#changed];
    this.#changed = new Set();
    this.#options.onChange(files);
  }

  /** A directory that is gone; one of the same name that comes later is a new one. */
  #forgetDirectory(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }
}

/** What differs when a file differs; `undefined` when there is none. */
function stampOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // It is gone again, or may not be read.
    return [];
  }
}
