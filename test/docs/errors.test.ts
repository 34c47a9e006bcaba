import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { readPage, sectionOf } from './pages.ts';

const page = readPage('docs/reference/errors.md');

describe('docs/reference/errors.md', () => {
  it('has each code once, in order', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(Object.keys(errorCodes));
  });

  it.each(Object.entries(errorCodes))('says of %s what it means and what to do', (code, text) => {
    const [heading, meaning, happened, advice] = sectionOf(page, code).trim().split('\n\n');
    expect([heading, meaning]).toEqual([code, text]);
    expect(happened).toMatch(/\.$/);
    expect(advice).toMatch(/^What to do: [A-Z`][^]*\.$/);
  });

  it('speaks of no code that does not exist', () => {
    const named = [...page.matchAll(/GR_[A-Z_]+/g)].map(([code]) => code);
    expect(named.filter((code) => !(code in errorCodes))).toEqual([]);
  });
});
