import type { ResultMetric, StudyClaim, StudyResults, StudySpec } from '../study/contract.js';
import { type Interval, meanOf } from './bootstrap.js';
import { FEWEST_PICTURES, type Statistics } from './statistics.js';
import { degradationOrder, type SweepSeries, seriesNamed } from './sweep.js';

/**
 * `holds`, `refuted` (the opposite is seen), `undecided` (the interval allows both), or why nothing can be said: `too few pictures`
 * (below `FEWEST_PICTURES`), `no values`.
 */
export type ClaimVerdict = 'holds' | 'refuted' | 'undecided' | 'too few pictures' | 'no values';

/** What the numbers show, whatever the claim says: by the metric's direction, of restorer a or along the axis. */
export type Seen = 'better' | 'worse' | 'not distinguishable';

/** A claim at one degradation by one metric. */
export interface ClaimLine {
  readonly metric: string;
  readonly degradation: string;
  readonly verdict: ClaimVerdict;
  readonly seen: Seen | null;
  /** Pictures behind it: those with every value that the test needs. */
  readonly n: number;
  /** In the metric's units, mean over pictures: a less b, or the change along the axis; null: no values. */
  readonly difference: number | null;
  /** 95 %, over pictures. */
  readonly interval: Interval | null;
  /** `best-at`: place on the axis of the point that the claimed one is compared with. */
  readonly against?: number;
}

/** The claim as a whole: one verdict where all lines with values have the same; `in part` where it holds in some. */
export type ClaimOutcome = ClaimVerdict | 'in part';

export interface TestedClaim {
  readonly claim: StudyClaim;
  readonly outcome: ClaimOutcome;
  /** Metrics outside, degradations inside, as the claim names them. */
  readonly lines: readonly ClaimLine[];
}

type Measured = Pick<ClaimLine, 'n' | 'difference' | 'interval' | 'against'>;

const NOTHING: Measured = { n: 0, difference: null, interval: null };

/** What an interval shows; null where it shows nothing, being of too few pictures. */
function seenIn({ n, interval }: Measured, direction: ResultMetric['direction']): Seen | null {
  if (interval === null || n < FEWEST_PICTURES) return null;
  if (interval.low <= 0 && interval.high >= 0) return 'not distinguishable';
  return interval.low > 0 === (direction === 'higher') ? 'better' : 'worse';
}

/** That something happens: undecided where nothing is seen. */
const asserts = (claimed: Seen, seen: Seen): ClaimVerdict =>
  seen === claimed ? 'holds' : seen === 'not distinguishable' ? 'undecided' : 'refuted';

/** That something does not happen: it holds wherever it is not seen, and only its being seen refutes it. */
const denies = (denied: Seen, seen: Seen): ClaimVerdict => (seen === denied ? 'refuted' : 'holds');

/** Change within +-margin: refuted only where the whole interval lies beyond it, on one side. */
function withinMargin({ low, high }: Interval, margin: number): ClaimVerdict {
  if (low >= -margin && high <= margin) return 'holds';
  return low > margin || high < -margin ? 'refuted' : 'undecided';
}

interface Bench {
  readonly statistics: Statistics;
  readonly degradation: string;
  readonly metric: ResultMetric;
  /** Place on the axis as trends are fitted over it. */
  readonly place: (x: number) => number;
  readonly series: readonly SweepSeries[];
}

type Judged = Pick<ClaimLine, 'verdict'> & Measured;

function judge(measured: Measured, verdictOf: (seen: Seen) => ClaimVerdict, { metric }: Bench): Judged {
  const seen = seenIn(measured, metric.direction);
  if (measured.difference === null) return { ...measured, verdict: 'no values' };
  return { ...measured, verdict: seen === null ? 'too few pictures' : verdictOf(seen) };
}

/** Least-squares slope of y over x; x has two values or more that differ. */
export function slopeOf(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [meanOf(x), meanOf(y)];
  const across = x.reduce((sum, one, i) => sum + (one - mx) * (y[i]! - my), 0);
  return across / x.reduce((sum, one) => sum + (one - mx) ** 2, 0);
}

/**
 * Change of a metric along a series: for each picture (seeds averaged) the least-squares line over the axis, its rise from the first place to
 * the last, then the mean over pictures. Places where no picture has a value are left out, then pictures that lack one of the others.
 */
function changeAlong({ points }: SweepSeries, { statistics, degradation, metric, place }: Bench): Measured {
  const known = points
    .map(({ x, label }) => ({ x: place(x), values: statistics.perPicture(degradation, label, metric.alias) }))
    .filter(({ values }) => values.size > 0);
  if (known.length < 2) return NOTHING;
  const x = known.map((one) => one.x);
  const range = x.at(-1)! - x[0]!;
  const changes = [...known[0]!.values.keys()].flatMap((picture) => {
    const y = known.flatMap(({ values }) => values.get(picture) ?? []);
    return y.length === x.length ? [slopeOf(x, y) * range] : [];
  });
  if (changes.length === 0) return NOTHING;
  return { n: changes.length, difference: meanOf(changes), interval: statistics.interval(changes) };
}

function judgeTrend(test: Extract<StudyClaim['test'], { kind: 'trend' }>, bench: Bench): Judged {
  const series = bench.series.find(({ name }) => name === test.series);
  const measured = series ? changeAlong(series, bench) : NOTHING;
  const { interval } = measured;
  switch (test.trend) {
    case 'improves':
      return judge(measured, (seen) => asserts('better', seen), bench);
    case 'worsens':
      return judge(measured, (seen) => asserts('worse', seen), bench);
    case 'does-not-improve':
      return judge(measured, (seen) => denies('better', seen), bench);
    case 'hardly-changes':
      return judge(measured, () => withinMargin(interval!, test.margin ?? 0), bench);
  }
}

/** The claimed point against the best of the others, by their means; it holds unless the other is told to be better, by more than the margin. */
function judgeBestAt(test: Extract<StudyClaim['test'], { kind: 'best-at' }>, bench: Bench): Judged {
  const { statistics, degradation, metric } = bench;
  const points = bench.series.find(({ name }) => name === test.series)?.points ?? [];
  const claimed = points.find(({ x }) => x === test.x);
  const sign = metric.direction === 'higher' ? 1 : -1;
  const [best] = points
    .filter((point) => point !== claimed)
    .flatMap(({ x, label }) => {
      const { mean } = statistics.summary(degradation, label, metric.alias);
      return mean === null ? [] : [{ x, label, merit: sign * mean }];
    })
    .sort((a, b) => b.merit - a.merit);
  if (!claimed || !best) return { ...NOTHING, verdict: 'no values' };
  const { n, difference, interval } = statistics.compare(degradation, metric.alias, claimed.label, best.label);
  const measured = { n, difference, interval, against: best.x };
  const behind = -sign * (difference ?? 0);
  const verdictOf = (seen: Seen) => (behind <= (test.margin ?? 0) ? 'holds' : denies('worse', seen));
  return judge(measured, verdictOf, bench);
}

function judgeClaim({ test }: StudyClaim, bench: Bench): Judged {
  const { statistics, degradation, metric } = bench;
  switch (test.kind) {
    case 'trend':
      return judgeTrend(test, bench);
    case 'best-at':
      return judgeBestAt(test, bench);
    default: {
      const { restorer, than, thanAt } = test;
      const { n, difference, interval } = statistics.compare(degradation, metric.alias, restorer, than, thanAt);
      const verdictOf = (seen: Seen) => (test.kind === 'better' ? asserts('better', seen) : denies('better', seen));
      return judge({ n, difference, interval }, verdictOf, bench);
    }
  }
}

function outcomeOf(lines: readonly ClaimLine[]): ClaimOutcome {
  const verdicts = new Set(lines.map(({ verdict }) => verdict).filter((verdict) => verdict !== 'no values'));
  const [only] = verdicts;
  if (only === undefined) return 'no values';
  if (verdicts.size === 1) return only;
  if (verdicts.has('holds')) return 'in part';
  return verdicts.has('refuted') ? 'refuted' : 'undecided';
}

/** Trends are fitted over the logarithm where the figure's axis, being the restorers', is logarithmic. */
const placeOf = ({ figure }: Pick<StudySpec, 'figure'>): Bench['place'] =>
  figure.over === 'restorers' && figure.scale === 'log' ? Math.log10 : (x) => x;

/**
 * Tests every claim of the study by paired 95 % intervals over pictures, for each of its metrics and degradations apart. What is claimed not to
 * be (`not-better`, `does-not-improve`) holds where it is not seen: `seen` tells a difference the other way from none at all.
 */
export function testClaims(
  { spec, metrics }: Pick<StudyResults, 'spec' | 'metrics'>,
  statistics: Statistics,
): TestedClaim[] {
  const series = seriesNamed(spec.restorers);
  const place = placeOf(spec);
  const order = degradationOrder(spec).map(({ name }) => name);
  return (spec.claims ?? []).map((claim) => {
    const chosen = order.filter((name) => claim.degradations?.includes(name) ?? true);
    const lines = claim.metrics.flatMap((alias) =>
      chosen.flatMap((degradation): ClaimLine[] => {
        const metric = metrics.find((one) => one.alias === alias);
        if (!metric) return [];
        const judged = judgeClaim(claim, { statistics, degradation, metric, place, series });
        return [{ metric: alias, degradation, ...judged, seen: seenIn(judged, metric.direction) }];
      }),
    );
    return { claim, outcome: outcomeOf(lines), lines };
  });
}
