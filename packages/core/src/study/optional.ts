import { explain, UsageError } from '../errors.js';
import type { Registry } from '../registry.js';
import { remainingClaims } from './claims.js';
import type { Skipped, StudyMetric, StudyRestorer, StudySpec } from './contract.js';
import { createMetric, restorerDefinition } from './restorers.js';
import { seriesOf } from './sweeps.js';

/** What `work` gives, or what it says is unknown; any other error stands. */
function known<T>(work: () => T): { readonly value: T } | { readonly lack: string } {
  try {
    return { value: work() };
  } catch (error) {
    // By its code: what is from outside may carry classes of its own copy of this package.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === 'IR_E_UNKNOWN_NAME') return { lack: String(message) };
    throw error;
  }
}

/** Why a restorer is not installed. */
function lackOfRestorer(registry: Registry, restorer: StudyRestorer): string | undefined {
  const found = known(() => restorerDefinition(registry, restorer));
  return 'lack' in found ? found.lack : undefined;
}

/** A metric without its network says so in its identity (`model=missing`), and none of its scores is a number. */
function lackOfMetric(registry: Registry, metric: StudyMetric): string | undefined {
  const found = known(() => createMetric(registry, metric));
  if ('lack' in found) return found.lack;
  const { id, needs } = found.value;
  if (needs.network === undefined || !/=missing[,\]]/.test(id)) return undefined;
  const told = { name: 'network', expected: `${needs.network}`, got: 'none that is installed' };
  return explain({ ...told, fix: 'Install it by `ir models add`' });
}

/** Those of a list that are there, and why the others are not. */
function sift<T extends { readonly optional?: boolean }>(
  items: readonly T[],
  lackOf: (item: T) => string | undefined,
  nameOf: (item: T) => string,
) {
  const left: T[] = [];
  const reasons = new Map<string, string>();
  for (const item of items) {
    const reason = item.optional ? lackOf(item) : undefined;
    if (reason === undefined) left.push(item);
    else reasons.set(nameOf(item), reason);
  }
  return { left, skipped: Array.from(reasons, ([name, reason]): Skipped => ({ name, reason })) };
}

function assertSome(left: readonly unknown[], what: string, skipped: readonly Skipped[]): void {
  if (left.length > 0) return;
  const got = `none: ${skipped.map(({ name }) => name).join(', ')} left out`;
  throw new UsageError('IR_E_USAGE', explain({ name: `study.${what}`, expected: 'one that is installed', got }));
}

/**
 * The study that can be run here: without optional restorers and metrics that are not installed, and claims of which nothing remains.
 * @throws UsageError `IR_E_USAGE` where no restorer or no metric is left; what is wrong with an optional metric otherwise
 */
export function leaveOut(spec: StudySpec, registry: Registry): { spec: StudySpec; skipped: readonly Skipped[] } {
  const restorers = sift(
    spec.restorers,
    (one) => lackOfRestorer(registry, one),
    ({ series, label }) => series ?? label,
  );
  const metrics = sift(
    spec.metrics,
    (one) => lackOfMetric(registry, one),
    ({ alias }) => alias,
  );
  const lacking = [...restorers.skipped, ...metrics.skipped];
  if (lacking.length === 0) return { spec, skipped: [] };
  assertSome(restorers.left, 'restorers', restorers.skipped);
  assertSome(metrics.left, 'metrics', metrics.skipped);
  const left = { restorers: restorers.left, metrics: metrics.left };
  const { claims, skipped } = remainingClaims(spec.claims ?? [], left);
  // An axis of curves that are all left out is none.
  const bare = spec.figure.over === 'restorers' && seriesOf(left.restorers).size === 0;
  return {
    spec: {
      ...spec,
      ...left,
      ...(spec.claims ? { claims } : {}),
      ...(bare ? { figure: { x: null, scale: spec.figure.scale } } : {}),
    },
    skipped: [...lacking, ...skipped],
  };
}
