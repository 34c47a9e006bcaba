/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testDeletion } from './deletion.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testLaunch } from './launch.ts';
import { testRequest } from './request.ts';
import { testSession } from './session.ts';
import { testGhosts } from './ghost.ts';

testRequest();
testLaunch();
testSession();
testGhosts();
testDeletion();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
