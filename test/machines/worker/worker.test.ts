/** One file for the test runner, so that the coverage of the machine can be told at its end. */
import { afterAll, expect } from 'vitest';
import { testAdmission } from './admission.ts';
import { testClosing } from './closing.ts';
import { testDrain } from './drain.ts';
import { testFailing } from './failing.ts';
import { testEdges } from './edges.ts';
import { coverage } from './harness.ts';
import { testHygiene } from './hygiene.ts';
import { testJobs } from './jobs.ts';
import { testStatus } from './status.ts';

testAdmission();
testStatus();
testJobs();
testDrain();
testClosing();
testFailing();
testHygiene();
testEdges();

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});
