import type { ResultMetric, ResultRow, StudyResults } from '../study/contract.js';
import { type Interval, intervalMaker, meanOf } from './bootstrap.js';

export type { Interval } from './bootstrap.js';

/**
 * Fewest pictures on which two restorers are told apart. With five, all differences share one sign by pure chance once in sixteen
 * trials (2 / 2^5), more often than the 5 % an interval promises.
 */
export const FEWEST_PICTURES = 6;

/** One degradation, one restorer, one metric: seeds averaged within each picture, then pictures. */
export interface Summary {
  readonly degradation: string;
  /** The restorer's label. */
  readonly restorer: string;
  readonly metric: string;
  /** Pictures with a value; a picture some of whose seeds have none counts by the others. */
  readonly n: number;
  /** null: no picture has a value. */
  readonly mean: number | null;
  /** 95 %, over pictures; null for fewer than two. */
  readonly interval: Interval | null;
  /** Standard deviation over pictures, each by its mean over seeds; null for fewer than two. */
  readonly pictureDeviation: number | null;
  /** Standard deviation over seeds within a picture, pooled over pictures; null where no picture has two seeds with values. */
  readonly seedDeviation: number | null;
  /** Scores that are undefined, by reason, in alphabetical order. */
  readonly undefinedScores: readonly { readonly reason: string; readonly count: number }[];
  /** Cells that ended in an error. */
  readonly failures: number;
}

export type Verdict = 'better' | 'worse' | 'not distinguishable' | 'too few pictures';

/** How restorer a stands to restorer b on the pictures for which both have a value. */
export interface Comparison {
  readonly n: number;
  /** Mean over pictures of a's value less b's; null where they share no picture. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  /** Of a, by the metric's direction; better and worse only where the interval leaves out 0. */
  readonly verdict: Verdict;
}

/** Who leads at one degradation by one metric. */
export interface Lead {
  readonly leader: string;
  /** The others that cannot be told from the leader, best mean first; none: the leader is best. */
  readonly ties: readonly string[];
  /** Can anything be told apart on this many pictures? */
  readonly enough: boolean;
}

export interface Statistics {
  summary(degradation: string, restorer: string, metric: string): Summary;
  /** `at`: where b stands, by default at the same degradation as a. */
  compare(degradation: string, metric: string, a: string, b: string, at?: string): Comparison;
  /** Among restorers by their labels, by default all; undefined where fewer than two have a value. */
  lead(degradation: string, metric: string, among?: readonly string[]): Lead | undefined;
  /** A value a picture, its seeds averaged: image hash -> value. Pictures without a value are not in it. */
  perPicture(degradation: string, restorer: string, metric: string): ReadonlyMap<string, number>;
  /** 95 % interval of the mean of one value a picture, as everywhere in the report; null for fewer than two. */
  interval(values: readonly number[]): Interval | null;
}

/** Values per picture: image hash -> values of its seeds. */
type Values = ReadonlyMap<string, readonly number[]>;

interface Group {
  readonly values: Values;
  readonly reasons: ReadonlyMap<string, number>;
  readonly failures: number;
}

const keyOf = (...names: readonly string[]) => JSON.stringify(names);

function gather(rows: readonly ResultRow[], metric: string): Group {
  const values = new Map<string, number[]>();
  const reasons = new Map<string, number>();
  let failures = 0;
  for (const row of rows) {
    const score = row.scores?.[metric];
    if (row.error) failures += 1;
    else if (score === undefined) reasons.set('not-scored', (reasons.get('not-scored') ?? 0) + 1);
    else if (score.value === null) reasons.set(score.reason, (reasons.get(score.reason) ?? 0) + 1);
    else values.set(row.image.hash, [...(values.get(row.image.hash) ?? []), score.value]);
  }
  return { values, reasons, failures };
}

/** Unbiased (n - 1) below the root; null for fewer than two values. */
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Square root of the mean over pictures of the unbiased variance over seeds. */
export function pooledDeviation(values: Iterable<readonly number[]>): number | null {
  const variances = [...values].flatMap((seeds) => {
    const own = deviation(seeds);
    return own === null ? [] : [own ** 2];
  });
  return variances.length === 0 ? null : Math.sqrt(meanOf(variances));
}

/** What an interval of differences over n pictures shows. */
export function verdictOf(interval: Interval | null, n: number, direction: ResultMetric['direction']): Verdict {
  if (interval === null || n < FEWEST_PICTURES) return 'too few pictures';
  if (interval.low <= 0 && interval.high >= 0) return 'not distinguishable';
  return interval.low > 0 === (direction === 'higher') ? 'better' : 'worse';
}

const byAlphabet = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The statistics of a study's rows, computed as they are asked for and kept. All depend on the rows and the spec's bootstrap alone.
 */
export function statisticsOf({ spec, metrics, rows }: Pick<StudyResults, 'spec' | 'metrics' | 'rows'>): Statistics {
  const interval = intervalMaker(spec.bootstrap);
  const directions = new Map(metrics.map(({ alias, direction }) => [alias, direction]));
  const rowsOf = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const key = keyOf(row.degradation.name, row.restorer.label);
    const found = rowsOf.get(key);
    if (found) found.push(row);
    else rowsOf.set(key, [row]);
  }

  const keep = <T>(make: (...names: string[]) => T) => {
    const made = new Map<string, T>();
    return (...names: string[]): T => {
      const key = keyOf(...names);
      if (!made.has(key)) made.set(key, make(...names));
      return made.get(key) as T;
    };
  };

  const group = keep((degradation, restorer, metric) =>
    gather(rowsOf.get(keyOf(degradation!, restorer!)) ?? [], metric!),
  );

  const perPicture = keep(
    (...names): ReadonlyMap<string, number> =>
      new Map(Array.from(group(...names).values, ([picture, seeds]) => [picture, meanOf(seeds)])),
  );

  const summary = keep((degradation, restorer, metric): Summary => {
    const { values, reasons, failures } = group(degradation!, restorer!, metric!);
    const means = [...perPicture(degradation!, restorer!, metric!).values()];
    return {
      degradation: degradation!,
      restorer: restorer!,
      metric: metric!,
      n: means.length,
      mean: means.length === 0 ? null : meanOf(means),
      interval: interval(means),
      pictureDeviation: deviation(means),
      seedDeviation: pooledDeviation(values.values()),
      undefinedScores: [...reasons].sort(byAlphabet).map(([reason, count]) => ({ reason, count })),
      failures,
    };
  });

  const compareAt = keep((degradation, metric, a, b, at): Comparison => {
    const [first, second] = [perPicture(degradation!, a!, metric!), perPicture(at!, b!, metric!)];
    const differences = [...first].flatMap(([picture, value]) => {
      const other = second.get(picture);
      return other === undefined ? [] : [value - other];
    });
    const n = differences.length;
    const bounds = interval(differences);
    return {
      n,
      difference: n === 0 ? null : meanOf(differences),
      interval: bounds,
      verdict: verdictOf(bounds, n, directions.get(metric!) ?? 'higher'),
    };
  });

  const compare: Statistics['compare'] = (degradation, metric, a, b, at = degradation) =>
    compareAt(degradation, metric, a, b, at);

  const all = spec.restorers.map(({ label }) => label);
  const leadAmong = keep((degradation, metric, ...among): Lead | undefined => {
    const sign = directions.get(metric!) === 'lower' ? 1 : -1;
    const ranked = among
      .map((label) => ({ label, mean: summary(degradation!, label, metric!).mean }))
      .filter((entry): entry is { label: string; mean: number } => entry.mean !== null)
      .sort((p, q) => sign * (p.mean - q.mean));
    const [best, ...others] = ranked.map(({ label }) => label);
    if (best === undefined || others.length === 0) return undefined;
    const verdicts = others.map((other) => compare(degradation!, metric!, best, other).verdict);
    return {
      leader: best,
      ties: others.filter((_, i) => verdicts[i] !== 'better'),
      enough: verdicts.every((verdict) => verdict !== 'too few pictures'),
    };
  });

  const lead: Statistics['lead'] = (degradation, metric, among = all) => leadAmong(degradation, metric, ...among);
  return { summary, compare, lead, perPicture, interval };
}
