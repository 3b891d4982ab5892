import {
  type Metric,
  type MetricDefinition,
  type MetricInput,
  type MetricSettings,
  type Score,
  UsageError,
} from '@ir/core';
import { formatIdentity, type MetricIdentity } from './identity.js';

/** What a metric's file states; the rest of the contract follows. */
export interface Definition extends Omit<MetricDefinition, 'create'> {
  readonly name: string;
  readonly conventions: MetricIdentity['conventions'];
  readonly version: number;
  score(input: MetricInput, crop: number): Promise<Score>;
}

/** Makes a registry entry: `crop` is checked and joins the identity; a missing reference is a score with its reason. */
export function define({ name, conventions, version, score, ...definition }: Definition): MetricDefinition {
  return {
    ...definition,
    create(settings: MetricSettings = {}): Metric {
      const { crop = 0 } = settings;
      if (!Number.isInteger(crop) || crop < 0)
        throw new UsageError('IR_E_USAGE', `expected crop to be an integer >= 0, got ${crop}`);
      return {
        alias: definition.alias,
        id: formatIdentity({ name, conventions: { ...conventions, crop: String(crop) }, version }),
        direction: definition.direction,
        needs: definition.needs,
        async score(input) {
          input.signal?.throwIfAborted();
          if (definition.needs.reference && !input.reference) return { value: null, reason: 'no-reference' };
          return score(input, crop);
        },
      };
    },
  };
}
