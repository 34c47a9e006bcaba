const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a duration may look like, in words. */
export const durationForms = '1h, 30m, 90s, 500ms, or a plain number of seconds';

/** Milliseconds of a duration such as `1h`, `30m`, `90s`, `500ms` or `90` (seconds); `null` when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return null;
  return Math.round(Number(match[1]) * (units[match[2] ?? 's'] ?? 1000));
}
