/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testEnd } from './end.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testLife } from './life.ts';
import { testWatching } from './watching.ts';

testLife();
testWatching();
testEnd();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
