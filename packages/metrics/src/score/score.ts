import { availableParallelism } from 'node:os';
import {
  type AppliedDegradation,
  type CallOptions,
  type DecodeOptions,
  decode,
  type Metric,
  type MetricInput,
  type MetricSettings,
  type Reason,
} from '@ir/core';
import {
  type DistributionAggregate,
  type DistributionAlias,
  distributionAggregates,
} from '../distribution/distribution.js';
import { type Aggregate, aggregate } from './aggregate.js';
import { type FilePair, type PairRequest, pairFiles } from './pairs.js';

/** One number as it stands in `ir.score/1`; `reason` is there exactly where `value` is null. */
export interface NamedScore {
  readonly id: string;
  readonly value: number | null;
  readonly direction: 'higher' | 'lower';
  readonly reason?: Reason;
}

export interface ScoredItem extends FilePair {
  readonly scores: Readonly<Record<string, NamedScore>>;
}

/** What `ir score --json` prints. */
export interface ScoreReport {
  readonly schema: 'ir.score/1';
  readonly items: readonly ScoredItem[];
  /** Over the pictures that have a value. */
  readonly aggregate: Readonly<Record<string, Aggregate | DistributionAggregate>>;
}

export interface ScoreOptions extends CallOptions {
  /** How the inputs were made, for consistency and alignment. */
  readonly applied?: AppliedDegradation;
  /** Pictures at work at once, which bounds the memory; default: the usable cores. */
  readonly jobs?: number;
  /** Told each item as it is ready, in the order of readiness. */
  readonly onItem?: (item: ScoredItem) => void;
  readonly decode?: Omit<DecodeOptions, 'signal'>;
  /** Distances of the folders as sets, which join the aggregate: their aliases (`splitAliases`) and the encoder's settings. */
  readonly distributions?: { readonly aliases: readonly DistributionAlias[]; readonly settings?: MetricSettings };
}

/** All metrics of one pair, by alias. @throws as the metrics do: `IR_E_SIZE` for sizes that differ, `IR_E_FORMAT` for transparency */
export async function scorePair(
  input: MetricInput,
  metrics: readonly Metric[],
): Promise<Readonly<Record<string, NamedScore>>> {
  const scores: Record<string, NamedScore> = {};
  for (const metric of metrics) {
    const { id, direction, alias } = metric;
    const { value, ...reason } = await metric.score(input);
    scores[alias] = { id, value, direction, ...reason };
  }
  return scores;
}

async function scoreFile(pair: FilePair, metrics: readonly Metric[], options: ScoreOptions): Promise<ScoredItem> {
  const { applied, signal } = options;
  const read = (path: string) => decode(path, { ...options.decode, ...(signal ? { signal } : {}) });
  const input: MetricInput = {
    image: await read(pair.output),
    ...(pair.reference === null ? {} : { reference: await read(pair.reference) }),
    ...(pair.input === undefined ? {} : { input: await read(pair.input) }),
    ...(applied ? { applied } : {}),
    ...(signal ? { signal } : {}),
  };
  return { ...pair, scores: await scorePair(input, metrics) };
}

/** Runs `work` over all items, at most `jobs` at once; the first failure stops the rest and is thrown. */
async function pool<T, R>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      either.throwIfAborted();
      results[i] = await work(items[i]!, either);
    }
  };
  const outcomes = Array.from({ length: Math.min(jobs, items.length) }, () =>
    worker().catch((error) => {
      if (!stop.signal.aborted) stop.abort(error);
    }),
  );
  await Promise.all(outcomes);
  stop.signal.throwIfAborted();
  return results;
}

/**
 * Scores pairs of files, several at once, pictures held only while they are scored. Deterministic but for the order of `onItem`.
 * @throws the first error of any pair; nothing is returned then
 */
export async function scoreFiles(
  pairs: readonly FilePair[],
  metrics: readonly Metric[],
  options: ScoreOptions = {},
): Promise<ScoreReport> {
  const { jobs = availableParallelism(), signal, onProgress, onItem } = options;
  signal?.throwIfAborted();
  let completed = 0;
  const items = await pool(pairs, jobs, signal, async (pair, either) => {
    const item = await scoreFile(pair, metrics, { ...options, signal: either });
    onItem?.(item);
    onProgress?.({ phase: 'score', completed: ++completed, total: pairs.length });
    return item;
  });
  return { schema: 'ir.score/1', items, aggregate: aggregateOf(items, metrics) };
}

const aggregateOf = (items: readonly ScoredItem[], metrics: readonly Metric[]) =>
  Object.fromEntries(
    metrics.map(({ alias }) => [alias, aggregate(items.flatMap(({ scores }) => scores[alias]!.value ?? []))]),
  );

/** Two files, or two folders paired by stem: `pairFiles`, then `scoreFiles`. */
export async function scorePaths(
  request: PairRequest,
  metrics: readonly Metric[],
  options: ScoreOptions = {},
): Promise<ScoreReport> {
  const pairs = await pairFiles(request);
  const { aliases = [], settings } = options.distributions ?? {};
  const distributions = await distributionAggregates(pairs, aliases, settings, options); // first: it may be refused
  const report = await scoreFiles(pairs, metrics, options);
  return { ...report, aggregate: { ...report.aggregate, ...distributions } };
}
