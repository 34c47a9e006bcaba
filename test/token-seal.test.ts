import { describe, expect, it } from 'vitest';
import { openToken, sealToken } from '../src/token-seal.ts';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl';

describe('a sealed token', () => {
  it.each([token, '', 'x.ä€😀.x'])('is opened by the process that sealed it: %s', (text) => {
    expect(openToken(sealToken(text))).toBe(text);
  });

  it('shows no part of the token, and is never the same', () => {
    const sealed = sealToken(token);
    expect(sealed).toMatch(/^sealed:[\w-]+$/);
    for (const part of token.split('.')) expect(sealed).not.toContain(part);
    expect(sealToken(token)).not.toBe(sealed);
  });

  it('that was changed, or comes from elsewhere, stays closed', () => {
    const sealed = sealToken(token);
    const changed = `${sealed.slice(0, -4)}AAAA`;
    expect(openToken(changed)).toBe(changed);
    for (const text of ['sealed:', 'sealed:AAAA', `sealed:${'A'.repeat(80)}`]) {
      expect(openToken(text)).toBe(text);
    }
  });
});

it('what was not sealed is taken as it is', () => {
  expect(openToken(token)).toBe(token);
});
