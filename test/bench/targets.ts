/** What is to be reached, and whether it is. */

/** Who is measured. */
export type CandidateName = 'greenroom' | 'agents-js' | 'agents-py' | 'floor';

/** A bound for the median: a number of its own, or one that another candidate's median in the same run makes. */
export type Target =
  | { atMost: number }
  | { times: number; of: CandidateName; fromNode?: number }
  | { plus: number; of: CandidateName };

/** Whether a target is reached; `null`: who it is measured against was not measured, or it is for another Node. */
export interface Judgement {
  target: Target;
  bound: number | null;
  met: boolean | null;
}

/** Compares a median with a target; `medians` are those of all candidates in the same run. */
export function judge(
  target: Target,
  medians: Partial<Record<CandidateName, number>>,
  nodeMajor: number,
): Judgement {
  const bound = boundOf(target, medians, nodeMajor);
  const own = medians.greenroom;
  return { target, bound, met: bound === null || own === undefined ? null : own <= bound };
}

function boundOf(
  target: Target,
  medians: Partial<Record<CandidateName, number>>,
  nodeMajor: number,
): number | null {
  if ('atMost' in target) return target.atMost;
  const other = medians[target.of];
  if (other === undefined) return null;
  if ('plus' in target) return other + target.plus;
  return nodeMajor < (target.fromNode ?? 0) ? null : other * target.times;
}

/** A target in words: `≤ 0.2 × agents-js`. */
export function describeTarget(target: Target, unit: string): string {
  if ('atMost' in target) return `≤ ${target.atMost} ${unit}`;
  if ('plus' in target) return `≤ ${target.of} + ${target.plus} ${unit}`;
  const since = target.fromNode === undefined ? '' : ` from Node ${target.fromNode} on`;
  return `≤ ${target.times} × ${target.of}${since}`;
}

/** All targets of a figure together: `null` when none could be judged. */
export function verdict(judgements: readonly Judgement[]): boolean | null {
  const judged = judgements.filter(({ met }) => met !== null);
  return judged.length === 0 ? null : judged.every(({ met }) => met === true);
}
