/** How long the end of a session may take, as a whole and step by step. */
import type { GivenOptions } from './merge-sources.ts';
import type { Problems } from './problems.ts';

/** The limits of a session close, in ms. */
export interface Budgets {
  shutdownTimeoutMs: number;
  sessionEndTimeoutMs: number;
  entryGraceTimeoutMs: number;
}

const defaults: Budgets = {
  shutdownTimeoutMs: 60_000,
  sessionEndTimeoutMs: 300_000,
  entryGraceTimeoutMs: 15_000,
};

/** What the steps without an option of their own need: leave the room, callbacks, flush, dispose. */
const otherStepsMs = 15_000;
const maxMs = 2_147_483_647;

/**
 * Each step gets its own limit or what is left of the whole, whichever is less. So a step that was set on purpose makes
 * the default of the whole longer, and only a whole that was set on purpose too can contradict it.
 */
export function resolveBudgets(options: GivenOptions, problems: Problems): Budgets {
  const steps = [
    { name: 'entryGraceTimeoutMs', ms: options.entryGraceTimeoutMs },
    { name: 'sessionEndTimeoutMs', ms: options.sessionEndTimeoutMs },
  ].flatMap(({ name, ms }) => (ms === undefined ? [] : [{ name, ms }]));
  const stepsMs = steps.reduce((sum, { ms }) => sum + ms, 0);
  const given = options.shutdownTimeoutMs;

  if (given !== undefined && stepsMs > given) {
    const sum = steps.map(({ name, ms }) => `${name} ${ms}`).join(' + ');
    const total = steps.length > 1 ? ` = ${stepsMs}` : '';
    problems.note(
      'shutdownTimeoutMs',
      `${sum}${total} ms is more than the ${given} ms of the whole session close; raise shutdownTimeoutMs to at least ${stepsMs}, or lower the steps.`,
    );
  }
  const adapted = steps.length === 0 ? 0 : Math.min(maxMs, stepsMs + otherStepsMs);
  return {
    shutdownTimeoutMs: given ?? Math.max(defaults.shutdownTimeoutMs, adapted),
    sessionEndTimeoutMs: options.sessionEndTimeoutMs ?? defaults.sessionEndTimeoutMs,
    entryGraceTimeoutMs: options.entryGraceTimeoutMs ?? defaults.entryGraceTimeoutMs,
  };
}

/** The memory of a job process at which it is warned of, and stopped; 0 is off. */
export interface MemoryLimits {
  jobMemoryWarnMB: number;
  jobMemoryLimitMB: number;
}

const defaultWarnMB = 1000;

/** A warning that could only come after the end is refused when it was asked for; the default one comes earlier. */
export function resolveMemoryLimits(options: GivenOptions, problems: Problems): MemoryLimits {
  const limit = options.jobMemoryLimitMB ?? 0;
  const warn = options.jobMemoryWarnMB;
  if (warn !== undefined && limit > 0 && warn > limit) {
    problems.note(
      'jobMemoryWarnMB',
      `${warn} MB is more than jobMemoryLimitMB ${limit} MB: a job process would be stopped before the warning.`,
    );
  }
  const adapted = limit > 0 ? Math.min(defaultWarnMB, Math.round(limit * 0.8)) : defaultWarnMB;
  return { jobMemoryWarnMB: warn ?? adapted, jobMemoryLimitMB: limit };
}
