/** What was sealed comes out as it was, or not at all. */
import { describe, expect, it } from 'vitest';
import { type Part, seal, unseal } from '../../src/job-bundle/sealed-parts.ts';

const parts = new Map<string, Part>([
  ['/a.js', { source: '(function () { return "é"; })', data: Buffer.from('one') }],
  ['/b.js', { source: '(function () { return "→"; })', data: Buffer.from('two, and longer') }],
  ['/empty.js', { source: '', data: Buffer.alloc(0) }],
  ['/ö.js', { source: '(function () {})', data: Buffer.alloc(4_096, 'three') }],
]);

describe('sealed parts', () => {
  it('come out as they were', () => {
    expect(unseal(seal(parts).bytes)).toEqual(parts);
    expect(unseal(seal(new Map()).bytes)).toEqual(new Map());
  });

  it('have their data where V8 need not copy it', () => {
    const file = seal(parts).bytes;
    const offsets = [...unseal(file).values()].map(({ data }) => data.byteOffset - file.byteOffset);
    expect(offsets.map((offset) => offset % 8)).toEqual([0, 0, 0, 0]);
  });

  it('do not come out when a bit is another, wherever it is', () => {
    const file = seal(parts).bytes;
    for (let position = 0; position < file.length; position += 1) {
      const spoiled = Buffer.from(file);
      spoiled[position]! ^= 1;
      expect(unseal(spoiled).size).toBe(0);
    }
  });

  it.each([null, Buffer.alloc(0), Buffer.alloc(39), Buffer.alloc(40)])(
    'are none in what is no file of ours',
    (file) => {
      expect(unseal(file)).toEqual(new Map());
    },
  );
});
