import type { ResultMetric, StudyResults } from '../study/contract.js';
import type { Curve } from './curves.js';
import type { Series } from './palette.js';
import { directionText, metricTitle } from './wording.js';

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

/** What a panel shows; a file of its own has no row's name beside it, so it names the degradation too. */
function titleOf({ metric, kind, degradation }: Curve, alone: boolean): string {
  const place = alone && degradation !== null ? ` at ${degradation}` : '';
  return `${metricTitle(metric)}${place}${kind === 'mean' ? '' : ', difference'}`;
}

function subtitleOf({ kind, degradation }: Curve, direction: ResultMetric['direction']): string {
  if (kind === 'mean') return directionText(direction);
  const ground = degradation === null ? 'doing nothing' : 'the first';
  return `${direction === 'higher' ? 'above' : 'below'} 0: better than ${ground}`;
}

/** How series are told apart; one domain for all layers, so that they share one legend. */
export function channelsOf(shown: readonly Series[], { look, legend }: Pick<Setting, 'look' | 'legend'>) {
  const labels = shown.map(({ label }) => label);
  const key = legend
    ? { title: null, orient: 'bottom', symbolOpacity: 1, symbolStrokeWidth: 0, symbolSize: 80, labelLimit: 400 }
    : null;
  const channel = (range: readonly unknown[]) => ({
    field: 'series',
    type: 'nominal',
    scale: { domain: labels, range }, // order by the domain: an order by `sort` would be written into a formula, names and all
    legend: key,
  });
  return {
    color: channel(shown.map(look.colour)),
    shape: channel(shown.map(({ symbol }) => symbol)),
    strokeDash: channel(shown.map(({ dash }) => dash)),
  };
}

/** Levels reach from side to side, having no place on the axis. */
function levelLayers({ levels }: Curve, { color, strokeDash }: ReturnType<typeof channelsOf>): Json[] {
  if (levels.length === 0) return [];
  const y = (field: string) => ({ field, type: 'quantitative' });
  return [
    {
      data: { values: levels.filter(({ low }) => low !== null) },
      mark: { type: 'rect', opacity: 0.1, aria: false },
      encoding: { y: y('low'), y2: { field: 'high' }, color },
    },
    {
      data: { values: levels },
      mark: { type: 'rule', strokeWidth: 1.6 },
      encoding: { y: y('value'), color, strokeDash, description: { field: 'text' } },
    },
  ];
}

/** Dots with their intervals, a group for each place. */
function dotLayers(
  places: readonly string[],
  labels: readonly string[],
  y: (field: string) => Json,
  { color, shape }: ReturnType<typeof channelsOf>,
): Json[] {
  const x = {
    field: 'place',
    type: 'nominal',
    scale: { domain: places, paddingInner: 0.3, paddingOuter: 0.15 },
    axis: { title: null, labelAngle: places.length > 3 ? -25 : 0, labelLimit: 160 },
  };
  const xOffset = { field: 'series', type: 'nominal', scale: { domain: labels } };
  return [
    {
      transform: [{ filter: 'isValid(datum.low)' }],
      mark: { type: 'rule', strokeWidth: 1.6, aria: false },
      encoding: { x, xOffset, y: y('low'), y2: { field: 'high' }, color },
    },
    {
      transform: [{ filter: 'isValid(datum.value)' }],
      mark: { type: 'point', filled: true, size: 44, opacity: 1 },
      encoding: { x, xOffset, y: y('value'), color, shape, description: { field: 'text' } },
    },
  ];
}

function panel(curve: Curve, setting: Setting): Json {
  const { metric, kind, points, places, levels } = curve;
  const { results, series, look, legend } = setting;
  const { x: axis, scale } = results.spec.figure;
  const { direction } = results.metrics.find(({ alias }) => alias === metric) as ResultMetric;
  const ticks = [...new Set(points.map(({ x }) => x))];
  const shown = series.filter(({ label }) => [...points, ...levels].some((one) => one.series === label));
  const channels = channelsOf(shown, setting);
  const { color, shape, strokeDash } = channels;
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: scale, nice: false, padding: 8, ...(scale === 'linear' ? { zero: false } : {}) },
    axis: { title: axis, values: ticks, labelOverlap: 'greedy', labelSeparation: 4, labelExpr: '"" + datum.value' },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: kind === 'difference', nice: true },
    axis: { title: null, tickCount: 6, grid: true },
  });
  const ground = {
    data: { values: [{}] },
    mark: { type: 'rule', color: look.quiet, aria: false },
    encoding: { y: { datum: 0 } },
  };
  const titles = [
    heading(titleOf(curve, legend), -32, look.ink, { fontSize: 14, fontWeight: 600 }),
    heading(subtitleOf(curve, direction), -15, look.quiet, { fontSize: 11.5 }),
  ];
  if (places) {
    const values = points.map((point) => ({ ...point, place: places[point.x] }));
    const labels = shown.map(({ label }) => label);
    const layers = dotLayers(places, labels, y, channels);
    return { ...PLOT, data: { values }, layer: [...(kind === 'difference' ? [ground] : []), ...layers, ...titles] };
  }
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
      ...levelLayers(curve, channels),
      {
        mark: { type: 'line', strokeWidth: 1.8, strokeJoin: 'round', aria: false },
        encoding: { x, y: y('value'), color, strokeDash },
      },
      {
        transform: [{ filter: 'isValid(datum.value)' }],
        mark: { type: 'point', filled: true, size: 44, opacity: 1 },
        encoding: { x, y: y('value'), color, shape, description: { field: 'text' } },
      },
      ...titles,
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

/** Room in a grid where a row is shorter than others. */
const BLANK: Json = { ...PLOT, data: { values: [{}] }, mark: { type: 'point', opacity: 0, aria: false } };

function specOf(rows: readonly (readonly Curve[])[], setting: Setting): Json {
  const columns = Math.max(...rows.map((row) => row.length));
  const panels = rows.flatMap((row) => {
    const drawn = row.map((curve) => panel(curve, setting));
    return row === rows.at(-1) ? drawn : [...drawn, ...new Array<Json>(columns - row.length).fill(BLANK)];
  });
  // One flat grid: plots of nested ones are laid over each other when they are aligned by their frames.
  const grid = { concat: panels, columns, spacing: { row: 108, column: 56 }, bounds: 'flush' };
  return { ...(panels.length === 1 ? panels[0] : grid), ...figureBase(setting.look) };
}

/** Draws rows of curves, one below the other, as SVG. */
export const drawCurves = (rows: readonly (readonly Curve[])[], setting: Setting): Promise<string> =>
  drawSvg(specOf(rows, setting));

/** A figure laid out. Loaded when asked for: the plotting library is of no use to anything but figures. */
async function viewOf(figure: Json) {
  const { parse, View, Error: onlyErrors } = await import('vega');
  const { compile } = await import('vega-lite'); // after vega, not beside it: they share modules, which not every loader links twice at once
  const { spec } = compile(figure as unknown as Parameters<typeof compile>[0]);
  return new View(parse(spec), { renderer: 'none', logLevel: onlyErrors });
}

/** A Vega-Lite specification as SVG. */
export async function drawSvg(figure: Json): Promise<string> {
  const view = await viewOf(figure);
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Where values stand in a figure of one panel, in pixels from the upper left corner of its frame. */
export async function scalesOf(figure: Json): Promise<Record<'x' | 'y', (value: number) => number>> {
  const view = await viewOf(figure);
  try {
    await view.runAsync();
    return { x: view.scale('x'), y: view.scale('y') };
  } finally {
    view.finalize();
  }
}
