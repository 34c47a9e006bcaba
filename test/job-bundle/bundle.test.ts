/** The file that job processes start from. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('has a byte for each character: with a single other one V8 takes two for all of them', () => {
  const bundle = readFileSync(new URL('../../dist/src/job-bundle/bundle.cjs', import.meta.url));
  const text = bundle.toString();
  expect(text.match(/.*[^\0-\x7f].*/g)).toBeNull();
});
