/** What many samples come to. */

/** One measured value. */
export interface Sample {
  value: number;
  /** Why it may be wrong: somebody else used the machine meanwhile. `null`: nobody did. */
  noise: string | null;
}

/** The samples of one figure and candidate. */
export interface Summary {
  median: number;
  /** The maximum, with fewer than 20 samples. */
  p95: number;
  min: number;
  /** How many samples the numbers stand on. */
  count: number;
  noisy: number;
  /** Too many samples were noisy to leave them out: the numbers stand on all. */
  isNoisy: boolean;
}

/** Leaves noisy samples out, unless that would leave fewer than half. */
export function summarize(samples: readonly Sample[]): Summary | null {
  if (samples.length === 0) return null;
  const quiet = samples.filter(({ noise }) => noise === null);
  const noisy = samples.length - quiet.length;
  const isNoisy = quiet.length * 2 < samples.length;
  const used = isNoisy ? samples : quiet;
  const values = used.map(({ value }) => value).toSorted((one, other) => one - other);
  return {
    median: median(values),
    p95: percentile(values, 95),
    min: values[0] ?? Number.NaN,
    count: values.length,
    noisy,
    isNoisy,
  };
}

/** The middle of sorted values. */
export function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The nearest rank in sorted values. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.ceil((sorted.length * percent) / 100);
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN;
}
