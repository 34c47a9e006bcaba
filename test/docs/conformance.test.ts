/** The page of the conformance cases is made from the cases. */
import { expect, it } from 'vitest';
import { conformanceCases } from '../conformance/cases/index.ts';
import { conformancePage } from '../conformance/page.ts';

it('has each of the cases C1 to C102 once, and those of the API', () => {
  const numbered = (letter: string, length: number) =>
    Array.from({ length }, (_, index) => `${letter}${index + 1}`);
  const ids = [...numbered('C', 102), ...numbered('A', 6)];
  expect(conformanceCases.map(({ id }) => id)).toEqual(ids);
});

it('docs/reference/conformance.md is of today', async () => {
  const page = conformancePage(conformanceCases);
  await expect(page).toMatchFileSnapshot('../../docs/reference/conformance.md');
});
