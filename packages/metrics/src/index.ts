/** `@ir/metrics`: every metric, over the contract that `@ir/core` defines. */
export { encoderNamed } from './alignment/alignment.js';
export { type DeviationMap, deviationMap, drawDeviation } from './alignment/deviation.js';
export {
  DISTRIBUTIONS,
  type DistributionAggregate,
  type DistributionAlias,
  distributionAggregates,
  splitAliases,
} from './distribution/distribution.js';
export { type Conventions, formatIdentity, type MetricIdentity, parseIdentity } from './identity.js';
export { type DistanceMap, distanceMap } from './learned/distance.js';
export { allMetrics, createMetrics, METRICS, metricFromIdentity, metricNamed } from './registry.js';
export { type Aggregate, aggregate } from './score/aggregate.js';
export {
  type ComparisonReport,
  type ComparisonRequest,
  comparePaired,
  type PairedComparison,
  scoreComparison,
  type Verdict,
} from './score/compare.js';
export { type ConventionRow, conventionTable } from './score/conventions.js';
export { scoreCsv } from './score/csv.js';
export { type FilePair, type PairRequest, pairFiles } from './score/pairs.js';
export {
  type NamedScore,
  type ScoredItem,
  type ScoreOptions,
  type ScoreReport,
  scoreFiles,
  scorePair,
  scorePaths,
} from './score/score.js';
