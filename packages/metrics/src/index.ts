/** `@ir/metrics`: every metric, over the contract that `@ir/core` defines. */
export { type Conventions, formatIdentity, type MetricIdentity, parseIdentity } from './identity.js';
export { createMetrics, METRICS, metricFromIdentity, metricNamed } from './registry.js';
