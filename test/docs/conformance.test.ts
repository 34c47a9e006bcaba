/** The page of the conformance cases is made from the cases. */
import { expect, it } from 'vitest';
import { conformanceCases } from '../conformance/cases/index.ts';
import { conformancePage } from '../conformance/page.ts';

it('has each of the cases C1 to C102 once', () => {
  const ids = Array.from({ length: 102 }, (_, index) => `C${index + 1}`);
  expect(conformanceCases.map(({ id }) => id)).toEqual(ids);
});

it('docs/reference/conformance.md is of today', async () => {
  const page = conformancePage(conformanceCases);
  await expect(page).toMatchFileSnapshot('../../docs/reference/conformance.md');
});
