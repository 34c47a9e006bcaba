/** Model-based testing of XState machines: models, paths, coverage and random walks. */
export {
  createCoverage,
  formatCoverage,
  type Coverage,
  type CoverageReport,
  type Missed,
  type Reached,
} from './coverage.ts';
export type { ModelEvents, Payload } from './events.ts';
export { propertyTest, type ModelStep, type PropertyTestOptions } from './property-test.ts';
export {
  randomWalks,
  WalkFailure,
  type Walker,
  type WalkEvent,
  type WalkOptions,
} from './random-walks.ts';
export {
  testPaths,
  type Sut,
  type TestPath,
  type TestPaths,
  type TestPathsOptions,
} from './test-paths.ts';
export { toModel } from './to-model.ts';
