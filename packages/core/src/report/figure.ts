import type { ResultMetric, StudyResults } from '../study/contract.js';
import { isNothing, type Series } from './palette.js';
import type { Statistics } from './statistics.js';
import { decimalsOf, directionText, fixed, intervalText, metricTitle, onAxis } from './wording.js';

/** The look of a figure: real colours for a file of its own, the style sheet's variables inside the page. */
export interface Look {
  readonly ink: string;
  readonly quiet: string;
  readonly rule: string;
  readonly ground: string | null;
  colour(series: Series): string;
}

export const FILE_LOOK: Look = {
  ink: '#1f2328',
  quiet: '#59616b',
  rule: '#dfe2e6',
  ground: '#ffffff',
  colour: ({ light }) => light,
};

export const PAGE_LOOK: Look = {
  ink: 'var(--ink)',
  quiet: 'var(--quiet)',
  rule: 'var(--rule)',
  ground: null,
  colour: ({ variable }) => `var(${variable})`,
};

export interface CurvePoint {
  readonly x: number;
  readonly restorer: string;
  /** null breaks the line. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The point in words, for tooltips and screen readers. */
  readonly text: string;
}

/** One metric over the axis: its means, or their differences to doing nothing. */
export interface Curve {
  readonly metric: string;
  readonly kind: 'mean' | 'difference';
  readonly points: readonly CurvePoint[];
}

type Read = (
  degradation: string,
  restorer: string,
  metric: string,
) => Omit<CurvePoint, 'x' | 'restorer' | 'text'> & { readonly n: number };

function curvesBy(
  kind: Curve['kind'],
  labels: readonly string[],
  results: StudyResults,
  statistics: Statistics,
  read: Read,
): Curve[] {
  const { spec, metrics } = results;
  const { x: axis, scale } = spec.figure;
  const placed = onAxis(spec.degradations).filter(({ x }) => x !== null && (scale === 'linear' || x > 0));
  if (axis === null || placed.length === 0) return [];
  return metrics.flatMap(({ alias }) => {
    const decimals = decimalsOf(results, statistics, alias);
    const options = { sign: kind === 'difference' };
    const points = labels.flatMap((label) =>
      placed.map(({ name, x }) => {
        const { n, ...point } = read(name, label, alias);
        const { value, low, high } = point;
        const range = low === null || high === null ? '' : ` (${intervalText({ low, high }, decimals, options)})`;
        const told = value === null ? 'no value' : `${fixed(value, decimals, options)}${range}, n = ${n}`;
        return { x: x!, restorer: label, ...point, text: `${label}, ${axis} ${x}: ${metricTitle(alias)} ${told}` };
      }),
    );
    return points.some(({ value }) => value !== null) ? [{ metric: alias, kind, points }] : [];
  });
}

/** The curves of means that can be drawn: there is an axis, and some mean of the metric is defined. */
export function meanCurves(results: StudyResults, statistics: Statistics): Curve[] {
  const labels = results.spec.restorers.map(({ label }) => label);
  return curvesBy('mean', labels, results, statistics, (...names) => {
    const { n, mean, interval } = statistics.summary(...names);
    return { n, value: mean, low: interval?.low ?? null, high: interval?.high ?? null };
  });
}

/** Each restorer's paired difference to doing nothing; none where the study does not hold the degraded picture. */
export function differenceCurves(results: StudyResults, statistics: Statistics): Curve[] {
  const nothing = results.spec.restorers.find(isNothing);
  if (!nothing) return [];
  const labels = results.spec.restorers.filter((restorer) => !isNothing(restorer)).map(({ label }) => label);
  return curvesBy('difference', labels, results, statistics, (degradation, restorer, metric) => {
    const { n, difference, interval } = statistics.compare(degradation, metric, restorer, nothing.label);
    return { n, value: difference, low: interval?.low ?? null, high: interval?.high ?? null };
  });
}

export type Json = Readonly<Record<string, unknown>>;

interface Setting {
  readonly results: Pick<StudyResults, 'spec' | 'metrics'>;
  readonly series: readonly Series[];
  readonly look: Look;
  readonly legend: boolean;
}

const FONT = 'system-ui, "Helvetica Neue", Arial, sans-serif';
const PLOT = { width: 316, height: 250 };

/** A line above the plot, by marks: a title of the plotting library moves with the axis labels, and panels would stand unlevel. */
export const heading = (text: string, y: number, color: string, font: Json): Json => ({
  data: { values: [{}] },
  mark: { type: 'text', align: 'left', baseline: 'alphabetic', color, aria: false, ...font },
  encoding: { x: { value: 0 }, y: { value: y }, text: { value: text } },
});

function panel({ metric, kind, points }: Curve, { results, series, look, legend }: Setting): Json {
  const { x: axis, scale } = results.spec.figure;
  const { direction } = results.metrics.find(({ alias }) => alias === metric) as ResultMetric;
  const ticks = [...new Set(points.map(({ x }) => x))];
  const shown = series.filter(({ label }) => points.some(({ restorer }) => restorer === label));
  const labels = shown.map(({ label }) => label);
  const key = legend
    ? { title: null, orient: 'bottom', symbolOpacity: 1, symbolStrokeWidth: 0, symbolSize: 80, labelLimit: 400 }
    : null;
  const channel = (range: readonly unknown[]) => ({
    field: 'restorer',
    type: 'nominal',
    scale: { domain: labels, range }, // order by the domain: an order by `sort` would be written into a formula, names and all
    legend: key,
  });
  const color = channel(shown.map(look.colour));
  const shape = channel(shown.map(({ symbol }) => symbol));
  const strokeDash = channel(shown.map(({ dash }) => dash));
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: scale, nice: false, padding: 8, ...(scale === 'linear' ? { zero: false } : {}) },
    axis: { title: axis, values: ticks, labelOverlap: 'greedy', labelSeparation: 4, format: '~g' },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: kind === 'difference', nice: true },
    axis: { title: null, tickCount: 6, grid: true },
  });
  const sign = direction === 'higher' ? 'above' : 'below';
  const subtitle = kind === 'mean' ? directionText(direction) : `${sign} 0: better than doing nothing`;
  const ground = {
    data: { values: [{}] },
    mark: { type: 'rule', color: look.quiet, aria: false },
    encoding: { y: { datum: 0 } },
  };
  return {
    ...PLOT,
    data: { values: points },
    layer: [
      ...(kind === 'difference' ? [ground] : []),
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'area', opacity: 0.13, aria: false },
        encoding: { x, y: y('low'), y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'line', strokeWidth: 1.8, strokeJoin: 'round', aria: false },
        encoding: { x, y: y('value'), color, strokeDash },
      },
      {
        transform: [{ filter: 'isValid(datum.value)' }],
        mark: { type: 'point', filled: true, size: 44, opacity: 1 },
        encoding: { x, y: y('value'), color, shape, description: { field: 'text' } },
      },
      heading(kind === 'mean' ? metricTitle(metric) : `${metricTitle(metric)}, difference`, -32, look.ink, {
        fontSize: 14,
        fontWeight: 600,
      }),
      heading(subtitle, -15, look.quiet, { fontSize: 11.5 }),
    ],
  };
}

/** What all figures have in common: letters, axes, grid, legend. */
export const figureBase = ({ ink, quiet, rule, ground }: Look): Json => ({
  background: ground,
  padding: 8,
  config: {
    font: FONT,
    view: { stroke: null },
    mark: { invalid: 'break-paths-show-path-domains' },
    axis: {
      labelColor: quiet,
      titleColor: ink,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 8,
      gridColor: rule,
      domainColor: quiet,
      tickColor: quiet,
      tickSize: 4,
    },
    axisX: { grid: false },
    axisY: { domain: false, ticks: false, minExtent: 44 }, // panels of one width, whatever their numbers
    legend: { labelColor: ink, labelFontSize: 12, rowPadding: 4, columnPadding: 18, offset: 14 },
  },
});

function specOf(curves: readonly Curve[], setting: Setting): Json {
  const panels = curves.map((curve) => panel(curve, setting));
  return {
    ...(panels.length === 1 ? panels[0] : { hconcat: panels, spacing: 56, bounds: 'flush' }),
    ...figureBase(setting.look),
  };
}

/** Draws curves side by side as SVG. */
export const drawCurves = (curves: readonly Curve[], setting: Setting): Promise<string> =>
  drawSvg(specOf(curves, setting));

/** A Vega-Lite specification as SVG. Loaded when asked for: the plotting library is of no use to anything but figures. */
export async function drawSvg(figure: Json): Promise<string> {
  const { parse, View, Error: onlyErrors } = await import('vega');
  const { compile } = await import('vega-lite'); // after vega, not beside it: they share modules, which not every loader links twice at once
  const { spec } = compile(figure as unknown as Parameters<typeof compile>[0]);
  const view = new View(parse(spec), { renderer: 'none', logLevel: onlyErrors });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
