import type { MetricDefinition } from './metric/contract.js';
import type { BrokenModel } from './models/store.js';
import type { RestorerDefinition } from './restorer/contract.js';

/**
 * What a study may name. Core defines the shape and takes it as an argument; metrics, the command line and anyone outside fill it.
 * A module that a study's child processes can import exports `setup(): Registry | Promise<Registry>`.
 */
export interface Registry {
  readonly metrics: readonly MetricDefinition[];
  readonly restorers: readonly RestorerDefinition[];
  /** Models of this machine that cannot be used: who names one is told what is wrong with it. */
  readonly broken?: readonly BrokenModel[];
}
