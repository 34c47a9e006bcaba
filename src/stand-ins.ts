import type { CallbackActorLogic, EventObject } from 'xstate';
import type { MemoryInput } from '../machines/job-process/job-process.types.ts';
import type { ChildProcessDependencies } from './actors/child-process.ts';
import type { Clock } from './clock.ts';

/** What a test puts in place of the operating system and the time. */
export interface StandIns {
  /** Other ways to start and to end job processes. */
  processes?: (real: ChildProcessDependencies) => Partial<ChildProcessDependencies>;
  sampleMemory?: CallbackActorLogic<EventObject, MemoryInput>;
  /** What the delays of the worker go by. */
  clock?: Clock;
}
