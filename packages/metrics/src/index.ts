/** `@ir/metrics`: every metric, over the contract that `@ir/core` defines. */
export { formatIdentity, type MetricIdentity, parseIdentity } from './identity.js';
export { METRICS, metricNamed } from './registry.js';
