import type { ActorRef, Snapshot } from 'xstate';
import type { FailureShape } from '../errors.ts';
import type { EndSignal } from './signals.ts';

/** What a generation, one started worker, is told. */
export type GenerationCommand =
  | { type: 'generation.drain' }
  | { type: 'generation.close' }
  | { type: 'generation.kill' };

/** What a generation reports. Its process may be gone without a word. */
export type GenerationReport =
  | { type: 'generation.ready'; generation: string }
  | { type: 'generation.failed'; generation: string; failure: FailureShape }
  | {
      type: 'generation.exited';
      generation: string;
      code: number | null;
      signal: NodeJS.Signals | null;
    };

/** What a generation is started with. */
export interface GenerationInput {
  generation: string;
  /** Another one lives, and may hold the HTTP port. */
  isBeside: boolean;
}

/** What the watcher of the files tells. */
export type FilesEvent =
  | { type: 'files.changed'; files: string[] }
  | { type: 'files.failed'; message: string };

/** Everything that can happen to the supervisor. */
export type DevEvent = FilesEvent | GenerationReport | { type: 'dev.end'; signal: EndSignal };

/** What the supervisor tells of what it does, for the log. */
export type DevFact =
  | { type: 'dev.starting'; files: string[] }
  | { type: 'dev.serving'; isFirst: boolean; isReload: boolean }
  /** The newest code does not work: the worker before goes on. */
  | { type: 'dev.kept'; failure: FailureShape | null }
  /** Nothing serves until the next change. */
  | {
      type: 'dev.waiting';
      failure: FailureShape | null;
      code: number | null;
      signal: NodeJS.Signals | null;
    }
  | { type: 'dev.unwatched'; message: string }
  | { type: 'dev.closing'; signal: EndSignal; step: 'close' | 'kill'; workers: number };

/** What the supervisor remembers. */
export interface DevContext {
  /** Every worker whose process lives, by its id. Ids are pooled. */
  generations: Record<string, ActorRef<Snapshot<unknown>, GenerationCommand>>;
  /** The worker that starts. */
  candidate: string | null;
  /** The worker that takes jobs. */
  current: string | null;
  /** True once a worker was ready. */
  hasServed: boolean;
  /** Why the candidate does not work, as far as it said. */
  failure: FailureShape | null;
  /** How the last process ended. */
  exit: { code: number | null; signal: NodeJS.Signals | null };
  /** The first signal by which the supervisor was asked to end. */
  signal: EndSignal | null;
}

/** How it ended. */
export type DevOutput =
  | { outcome: 'ended'; signal: EndSignal }
  /** The first worker could not start, and no change of a file would help. */
  | { outcome: 'failed' };
