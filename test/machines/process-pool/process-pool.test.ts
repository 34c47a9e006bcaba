/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testClaims } from './claims.ts';
import { testQueue } from './queue.ts';
import { testFailures } from './failures.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testStopping } from './stopping.ts';

testClaims();
testQueue();
testFailures();
testStopping();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
