/**
 * Stands in for `vitest` when the tests of a mutant are bundled. It has what the tests of machines use of it, runs hundreds of
 * them a second in one process, and stops at the first failure. Hooks are left out: they hold the coverage of the tests,
 * and a mutant is to be caught by what the tests say.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';

type Body = (...args: unknown[]) => unknown;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** As in vitest. */
export const expect: unknown = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  (globalThis as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT],
);

/** The tests of the bundle, in order; whoever runs it reads them. */
export const tests: { name: string; body: () => unknown }[] = [];
const names: string[] = [];

/** As in vitest. */
export function describe(name: string, body: () => void): void {
  names.push(name);
  body();
  names.pop();
}

describe.each = each(describe as Body);

/** As in vitest. */
export function it(name: string, body: () => unknown): void {
  tests.push({ name: [...names, name].join(' > '), body });
}

it.each = each(it as Body);

/** As in vitest. */
export const test = it;

/** Nothing: see above. */
export function afterAll(): void {}

/** What is silenced in a test is silent here anyway. */
export const vi = {
  spyOn: (target: Record<string, unknown>, key: string) => ({
    mockReturnValue: (value: unknown) => void (target[key] = () => value),
  }),
};

function each(run: Body) {
  return (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of rows) {
      const args = Array.isArray(row) ? (row as unknown[]) : [row];
      run(`${name} ${String(args[0])}`, () => body(...args));
    }
  };
}
