import type { MetricDefinition, MetricInput, MetricSettings } from '@ir/core';
import { allMetrics } from '../registry.js';
import type { NamedScore } from './score.js';

/** One convention of a metric, on one pair. */
export interface ConventionRow extends NamedScore {
  readonly alias: string;
  /** The metric that it is a convention of: the first word of the identity, for example `ssim`. */
  readonly family: string;
  readonly describe: string;
  /** The paper or code that uses it. */
  readonly source: string;
}

/** Needs nothing but the two pictures. */
const plain = ({ needs }: MetricDefinition) => !needs.network && !needs.input && !needs.degradation;

/**
 * One pair under every named convention that needs no network, families together, in the registry's order: how far a number moves by what is left
 * unsaid of it. Metrics that need a reference are null without one.
 */
export async function conventionTable(
  input: MetricInput,
  settings: MetricSettings = {},
  metrics: readonly MetricDefinition[] = allMetrics(),
): Promise<ConventionRow[]> {
  const rows: ConventionRow[] = [];
  for (const definition of metrics.filter(plain)) {
    const { alias, describe, source } = definition;
    const metric = definition.create(settings);
    const { value, ...reason } = await metric.score(input);
    const family = metric.id.slice(0, metric.id.indexOf('['));
    rows.push({ alias, family, describe, source, id: metric.id, value, direction: metric.direction, ...reason });
  }
  const families = [...new Set(rows.map(({ family }) => family))];
  return families.flatMap((family) => rows.filter((row) => row.family === family));
}
