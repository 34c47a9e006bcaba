import type { Snapshot } from 'xstate';
import { describeValue } from '../errors.ts';
import type { JobContext } from './job-context.ts';
import type { JobProcess } from './job-process.ts';

/** The mark of an agent definition. `@livekit/agents` uses the same one: its agent files can be loaded as they are. */
const mark = Symbol.for('livekit.agents.AgentDefinition');

/** What every agent may have. */
export interface AgentHooks<UserData> {
  /** Runs once in each job process before it takes a job: load models, open connections. */
  prewarm?: (proc: JobProcess<UserData>) => unknown;
  /** Runs when the session ends, while the agent is still in the room. Errors are logged and nothing else. */
  onSessionEnd?: (ctx: JobContext<UserData>) => Promise<void> | void;
}

/** An agent whose job is a function. */
export interface EntryAgent<UserData = Record<string, unknown>> extends AgentHooks<UserData> {
  /** The job: connect to the room and do the agent's work. */
  entry: (ctx: JobContext<UserData>) => Promise<void>;
  session?: never;
}

/** An agent whose job is a state machine. */
export interface MachineAgent<UserData = Record<string, unknown>> extends AgentHooks<UserData> {
  /** The job: a machine of your own that connects to the room, and is told what happens there as `RoomSessionEvent`. */
  session: SessionLogic<UserData>;
  entry?: never;
}

/** What an agent file exports by default: what to do before a job, in a job and at its end. */
export type AgentDefinition<UserData = Record<string, unknown>> =
  | EntryAgent<UserData>
  | MachineAgent<UserData>;

/** What the machine of an agent is started with. */
export interface SessionLogicInput<UserData = Record<string, unknown>> {
  ctx: JobContext<UserData>;
}

/** A machine, or any other actor logic of XState, whose input may be a `SessionLogicInput`. */
export interface SessionLogic<UserData = Record<string, unknown>> {
  getInitialSnapshot: (scope: never, input: SessionLogicInput<UserData>) => Snapshot<unknown>;
  transition: (snapshot: never, event: never, scope: never) => Snapshot<unknown>;
  getPersistedSnapshot: (snapshot: never) => Snapshot<unknown>;
}

/** Defines an agent; the result is the default export of an agent file. */
export function defineAgent<UserData = Record<string, unknown>>(
  agent: EntryAgent<UserData>,
): EntryAgent<UserData>;
export function defineAgent<UserData = Record<string, unknown>>(
  agent: MachineAgent<UserData>,
): MachineAgent<UserData>;
export function defineAgent<UserData = Record<string, unknown>>(
  agent: AgentDefinition<UserData>,
): AgentDefinition<UserData>;
export function defineAgent<UserData>(agent: AgentDefinition<UserData>): AgentDefinition<UserData> {
  Object.defineProperty(agent, mark, { value: true });
  return agent;
}

/** True for what `defineAgent()` has made, in this copy of the package or in another. */
export function isAgent(value: unknown): value is AgentDefinition {
  return typeof value === 'object' && value !== null && mark in value;
}

/** What is wrong with the job of an agent, as the end of a sentence; `null` when nothing is. */
export function problemOf({ entry, session }: AgentDefinition): string | null {
  if (entry !== undefined && session !== undefined) {
    return 'needs either a function "entry" or a machine "session", received both';
  }
  if (session !== undefined) {
    return isLogic(session)
      ? null
      : `needs a machine or another actor logic of XState as "session", received ${describeValue(session)}`;
  }
  return typeof entry === 'function'
    ? null
    : `needs a function "entry", or a machine "session", received ${describeValue(entry)}`;
}

function isLogic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { transition, getInitialSnapshot } = value as Partial<SessionLogic>;
  return typeof transition === 'function' && typeof getInitialSnapshot === 'function';
}
