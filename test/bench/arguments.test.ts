import { expect, test } from 'vitest';
import { parseBenchArguments, UsageError } from './arguments.ts';

test('everything has a default', () => {
  expect(parseBenchArguments([])).toEqual({
    isShort: false,
    only: [],
    samples: 20,
    json: null,
    write: false,
    list: false,
  });
});

test('a short run takes one sample', () => {
  const args = ['--short', '--samples', '50', '--only', 'warm-entry', '--json', 'out.json'];
  expect(parseBenchArguments(args)).toMatchObject({
    isShort: true,
    samples: 1,
    only: ['warm-entry'],
    json: 'out.json',
  });
});

test('a group stands for its figures', () => {
  const { only } = parseBenchArguments(['--only', 'inspection', '--only', 'idle-cpu']);
  expect(only).toContain('inspection-watched-more');
  expect(only).toContain('stalled-viewer-memory');
  expect(only.at(-1)).toBe('idle-cpu');
  expect(only.every((name) => /^(inspection|stalled-viewer|idle)-/.test(name))).toBe(true);
});

test.each([
  [['--only', 'warm'], 'there is no figure "warm". There are: start-registered, '],
  [['--samples', '0'], '--samples must be a whole number from 1 to 1000, not "0".'],
  [['--samples', 'many'], 'not "many"'],
  [['--fast'], "Unknown option '--fast'"],
  [['--write', '--short'], '--write needs a whole run'],
  [['--write', '--only', 'warm-entry'], '--write needs a whole run'],
])('%j is refused', (args, message) => {
  expect(() => parseBenchArguments(args)).toThrow(UsageError);
  expect(() => parseBenchArguments(args)).toThrow(message);
});
