/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testConnecting } from './connecting.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testReconnecting } from './reconnecting.ts';
import { testTalking } from './talking.ts';

testConnecting();
testReconnecting();
testTalking();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
