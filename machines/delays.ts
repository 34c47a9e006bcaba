/** The longest delay a timer takes; anything longer would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** A delay as `after` can take it: a whole number from 0 to the longest a timer knows. */
export function clampDelay(delayMs: number): number {
  if (Number.isNaN(delayMs)) return LONGEST_DELAY_MS;
  return Math.round(Math.min(LONGEST_DELAY_MS, Math.max(0, delayMs)));
}
