import type { StudyResults } from '../study/contract.js';
import { isNothing } from './palette.js';
import type { Interval, Statistics } from './statistics.js';
import { degradationOrder, type Sweep, sweepOf } from './sweep.js';
import { decimalsOf, fixed, intervalText, metricTitle } from './wording.js';

/** A value with its interval, and who it belongs to. */
export interface Mark {
  /** Label in the legend. */
  readonly series: string;
  /** null breaks the line. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The value in words, for tooltips and screen readers. */
  readonly text: string;
}

export interface CurvePoint extends Mark {
  readonly x: number;
}

/** One metric over the axis: its means, or their paired differences (`differenceCurves`). */
export interface Curve {
  readonly metric: string;
  readonly kind: 'mean' | 'difference';
  /** Where the axis is the restorers': the degradation that the panel shows; null: degradations are the axis. */
  readonly degradation: string | null;
  readonly points: readonly CurvePoint[];
  /** Where nothing is an axis: the degradations side by side, x being a place among them; no lines are drawn between them. */
  readonly places?: readonly string[];
  /** What is the same all along the axis. */
  readonly levels: readonly Mark[];
}

/** What is drawn of one restorer at one degradation. */
interface Reading {
  readonly n: number;
  readonly value: number | null;
  readonly interval: Interval | null;
}

type Read = (degradation: string, restorer: string, metric: string) => Reading;

const meanBy =
  ({ summary }: Statistics): Read =>
  (...names) => {
    const { n, mean, interval } = summary(...names);
    return { n, value: mean, interval };
  };

const differenceTo =
  ({ compare }: Statistics, ground: string): Read =>
  (degradation, restorer, metric) => {
    const { n, difference, interval } = compare(degradation, metric, restorer, ground);
    return { n, value: difference, interval };
  };

/** Makes the marks of one metric, with its decimals; `who` begins the words. */
function markMaker(kind: Curve['kind'], metric: string, results: StudyResults, statistics: Statistics) {
  const decimals = decimalsOf(results, statistics, metric);
  const options = { sign: kind === 'difference' };
  return (series: string, who: string, { n, value, interval }: Reading): Mark => {
    const range = interval === null ? '' : ` (${intervalText(interval, decimals, options)})`;
    const told = value === null ? 'no value' : `${fixed(value, decimals, options)}${range}, n = ${n}`;
    const [low, high] = [interval?.low ?? null, interval?.high ?? null];
    return { series, value, low, high, text: `${who}: ${metricTitle(metric)} ${told}` };
  };
}

const isDrawn = ({ points, levels }: Curve) => [...points, ...levels].some(({ value }) => value !== null);

/** Along the axis, or side by side where there is none. */
function curvesOverDegradations(
  kind: Curve['kind'],
  labels: readonly string[],
  results: StudyResults,
  statistics: Statistics,
  read: Read,
): Curve[] {
  const { spec, metrics } = results;
  const { x: axis, scale } = spec.figure;
  const placed =
    axis === null
      ? spec.degradations.map(({ name }, x) => ({ name, x, where: ` at ${name}` }))
      : degradationOrder(spec)
          .filter(({ x }) => x !== null && (scale === 'linear' || x > 0))
          .map(({ name, x }) => ({ name, x: x!, where: `, ${axis} ${x}` }));
  const places = axis === null ? { places: placed.map(({ name }) => name) } : {};
  return metrics
    .map(({ alias }): Curve => {
      const mark = markMaker(kind, alias, results, statistics);
      const points = labels.flatMap((label) =>
        placed.map(({ name, x, where }) => ({ x, ...mark(label, `${label}${where}`, read(name, label, alias)) })),
      );
      return { metric: alias, kind, degradation: null, points, ...places, levels: [] };
    })
    .filter(isDrawn);
}

/** A panel for each degradation and metric, degradations outside. */
function curvesOverRestorers(
  kind: Curve['kind'],
  sweep: Pick<Sweep, 'axis' | 'series' | 'levels'>,
  results: StudyResults,
  statistics: Statistics,
  readOf: (first: string) => Read,
): Curve[] {
  const { spec, metrics } = results;
  return degradationOrder(spec).flatMap(({ name }) =>
    metrics
      .map(({ alias }): Curve => {
        const mark = markMaker(kind, alias, results, statistics);
        const points = sweep.series.flatMap((series) => {
          const read = readOf(series.points[0]!.label);
          return series.points.map(({ x, label }) => ({
            x,
            ...mark(series.name, `${series.name} at ${name}, ${sweep.axis} ${x}`, read(name, label, alias)),
          }));
        });
        const levels = sweep.levels.map(({ label }) =>
          mark(label, `${label} at ${name}`, readOf(label)(name, label, alias)),
        );
        return { metric: alias, kind, degradation: name, points, levels: levels.filter(({ value }) => value !== null) };
      })
      .filter(isDrawn),
  );
}

/** The curves of means that can be drawn, dots where the study names no axis: some mean of the metric is defined. */
export function meanCurves(results: StudyResults, statistics: Statistics): Curve[] {
  const sweep = sweepOf(results.spec);
  const read = meanBy(statistics);
  if (sweep) return curvesOverRestorers('mean', sweep, results, statistics, () => read);
  const labels = results.spec.restorers.map(({ label }) => label);
  return curvesOverDegradations('mean', labels, results, statistics, read);
}

/**
 * Paired differences: of each point of a sweep to its series' first, so that they show what the axis alone does to the same picture; over
 * degradations, of each restorer to doing nothing, and none where the study does not hold the degraded picture.
 */
export function differenceCurves(results: StudyResults, statistics: Statistics): Curve[] {
  const sweep = sweepOf(results.spec);
  if (sweep) {
    const moving = { ...sweep, series: sweep.series.filter(({ points }) => points.length > 1), levels: [] };
    return curvesOverRestorers('difference', moving, results, statistics, (first) => differenceTo(statistics, first));
  }
  const nothing = results.spec.restorers.find(isNothing);
  if (!nothing) return [];
  const labels = results.spec.restorers.filter((restorer) => !isNothing(restorer)).map(({ label }) => label);
  return curvesOverDegradations('difference', labels, results, statistics, differenceTo(statistics, nothing.label));
}
