import type { JobContext } from './job-context.ts';
import type { JobProcess } from './job-process.ts';

/** The mark of an agent definition. `@livekit/agents` uses the same one: its agent files can be loaded as they are. */
const mark = Symbol.for('livekit.agents.AgentDefinition');

/** What an agent file exports by default: what to do before a job, in a job and at its end. */
export interface AgentDefinition<UserData = Record<string, unknown>> {
  /** The job: connect to the room and do the agent's work. */
  entry: (ctx: JobContext<UserData>) => Promise<void>;
  /** Runs once in each job process before it takes a job: load models, open connections. */
  prewarm?: (proc: JobProcess<UserData>) => unknown;
  /** Runs when the session ends, while the agent is still in the room. Errors are logged and nothing else. */
  onSessionEnd?: (ctx: JobContext<UserData>) => Promise<void> | void;
}

/** Defines an agent; the result is the default export of an agent file. */
export function defineAgent<UserData = Record<string, unknown>>(
  agent: AgentDefinition<UserData>,
): AgentDefinition<UserData> {
  Object.defineProperty(agent, mark, { value: true });
  return agent;
}

/** True for what `defineAgent()` has made, in this copy of the package or in another. */
export function isAgent(value: unknown): value is AgentDefinition {
  return typeof value === 'object' && value !== null && mark in value;
}
