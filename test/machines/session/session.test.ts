/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testCourse } from './course.ts';
import { testEnd } from './end.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testLinked } from './linked.ts';
import { testTermination } from './termination.ts';

testCourse();
testTermination();
testLinked();
testEnd();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
