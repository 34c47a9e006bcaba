/** A conformance case: its number, and what it does on either server. */
import type { RawWorker } from './raw-worker.ts';
import type { Scene } from './scene.ts';
import type { ServerKind, ServerName, WorkerSpec } from './stage.ts';

/** A case, and what is to be known of it. */
export interface ConformanceCase {
  id: string;
  title: string;
  /** What the server must be like. @defaultValue 'usual' */
  server?: ServerKind;
  /** The server has collected the names of the workers before the case starts. */
  isWarm?: true;
  /** No other case may be on the server: it would see it, or suffer from it. */
  isAlone?: true;
  /** Workers that are registered before the case starts: on a warm server, all of them. */
  workers?: Record<string, WorkerSpec>;
  /** The server on which it does not run, and why. */
  not?: Partial<Record<ServerName, string>>;
  /** Where both pass and yet differ: for the page. */
  remark?: string;
  run: (scene: Scene, workers: Record<string, RawWorker>) => Promise<void>;
}
