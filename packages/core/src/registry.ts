import type { MetricDefinition } from './metric/contract.js';
import type { RestorerDefinition } from './restorer/contract.js';

/**
 * What a study may name. Core defines the shape and takes it as an argument; metrics, the command line and anyone outside fill it.
 * A module that a study's child processes can import exports `setup(): Registry | Promise<Registry>`.
 */
export interface Registry {
  readonly metrics: readonly MetricDefinition[];
  readonly restorers: readonly RestorerDefinition[];
}
