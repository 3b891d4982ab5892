import type { StudyDegradation, StudyRestorer, StudySpec } from '../study/contract.js';
import { onAxis } from './wording.js';

export interface SweepPoint {
  readonly x: number;
  /** The restorer's label. */
  readonly label: string;
}

/** Restorers of one series, from left to right. */
export interface SweepSeries {
  readonly name: string;
  /** One or more. */
  readonly points: readonly SweepPoint[];
}

/** A study whose figure stands over settings of restorers. */
export interface Sweep {
  /** Name of the axis, as in `starting level t*`. */
  readonly axis: string;
  readonly series: readonly SweepSeries[];
  /** Restorers without a place on the axis: the same all along it. */
  readonly unmoved: readonly StudyRestorer[];
  /** Those of them that are drawn, and that curves are compared with. */
  readonly levels: readonly StudyRestorer[];
  /** Every place of some series, from left to right. */
  readonly places: readonly number[];
}

/** Series of the restorers in order of appearance, whatever the figure is drawn over. */
export function seriesNamed(restorers: readonly StudyRestorer[]): SweepSeries[] {
  const named = new Map<string, SweepPoint[]>();
  for (const { label, x, series } of restorers) {
    if (series === undefined || x === undefined) continue;
    named.set(series, [...(named.get(series) ?? []), { x, label }]);
  }
  return Array.from(named, ([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) }));
}

/** undefined where the figure is over degradations, or no restorer has a place. */
export function sweepOf({ restorers, figure }: Pick<StudySpec, 'restorers' | 'figure'>): Sweep | undefined {
  if (figure.over !== 'restorers' || figure.x === null) return undefined;
  const series = seriesNamed(restorers);
  if (series.length === 0) return undefined;
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const unmoved = restorers.filter((one) => one.series === undefined || one.x === undefined);
  const levels = unmoved.filter(({ label }) => figure.levels?.includes(label) ?? true);
  return { axis: figure.x, series, unmoved, levels, places };
}

/** The axis on which degradations stand; null where the figure is over something else. */
export const degradationAxis = ({ figure }: Pick<StudySpec, 'figure'>): string | null =>
  figure.over === 'restorers' ? null : figure.x;

/** Degradations as figures and tables go through them: along their axis, else as the spec has them. */
export const degradationOrder = (spec: Pick<StudySpec, 'degradations' | 'figure'>): readonly StudyDegradation[] =>
  degradationAxis(spec) === null ? spec.degradations : onAxis(spec.degradations);

/** The axis' name without its unit: `sigma` of `sigma (pixels)`; units stand in figures. */
export const withoutUnit = (axis: string): string => axis.replace(/\s*\([^()]*\)$/, '');
