import { drawSvg, FILE_LOOK, figureBase, heading, type Json, scalesOf } from '../report/figure.js';
import { type Series, seriesOf } from '../report/palette.js';
import { alongLevel, type Box, besidePoint, boxAround, type Place, placeLabels, RADIUS } from './labels.js';
import type { ProfileReport, Quality, RestorerProfile } from './schema.js';
import { decimalsFor, directionText, fixed, metricTitle } from './wording.js';

/** What stands on the horizontal axis (logarithmic) of Figure 4a and of 4b. */
export const AXES = {
  a: { title: 'parameters', read: ({ parameters }: RestorerProfile) => parameters?.weights ?? 0 },
  b: { title: 'latency, ms (median)', read: ({ latency }: RestorerProfile) => latency.median },
} as const;

export type Panel = keyof typeof AXES;

interface Point extends Quality {
  readonly restorer: string;
  /** 0: it has no place on a logarithmic axis and is drawn as a level. */
  readonly x: number;
  readonly text: string;
}

/** Doing nothing has no latency of its own: its time is that of a call. */
const placeOf = (restorer: RestorerProfile, panel: Panel): number =>
  restorer.family === 'none' ? 0 : AXES[panel].read(restorer);

function pointsOf({ restorers }: ProfileReport, panel: Panel, metric: string): Point[] {
  return restorers.flatMap((restorer) => {
    const quality = restorer.quality[metric];
    if (!quality || quality.mean === null) return [];
    const x = placeOf(restorer, panel);
    const value = fixed(quality.mean, decimalsFor(quality.mean));
    const text = `${restorer.id}: ${metricTitle(metric)} ${value}, n = ${quality.n}, ${AXES[panel].title} ${x || 'none'}`;
    return [{ ...quality, restorer: restorer.id, x, text }];
  });
}

const PLOT = { width: 420, height: 300 };
const FRAME: Box = { left: 0, top: 0, right: PLOT.width, bottom: PLOT.height };
const FONT_SIZE = 12;

/** What stands in a panel. */
interface Contents {
  readonly placed: readonly Point[];
  /** Without a place on the axis. */
  readonly levels: readonly Point[];
}

interface Label {
  readonly restorer: string;
  readonly place: Place;
}

/** Names beside their points and on their levels, clear of each other, of symbols and of intervals. */
function labelsOf({ placed, levels }: Contents, scale: Awaited<ReturnType<typeof scalesOf>>): Label[] {
  const at = ({ x, mean }: Point) => ({ x: scale.x(x), y: scale.y(mean!) });
  const interval = ({ x, low, high }: Point): Box[] => {
    if (low === null || high === null) return [];
    return [{ left: scale.x(x) - 1, right: scale.x(x) + 1, top: scale.y(high), bottom: scale.y(low) }];
  };
  const obstacles = placed.flatMap((point) => [boxAround(at(point), RADIUS), ...interval(point)]);
  const wanted = [
    ...levels.map((point) => alongLevel(scale.y(point.mean!), point.restorer, FONT_SIZE, FRAME)),
    ...placed.map((point) => besidePoint(at(point), point.restorer, FONT_SIZE)),
  ];
  const lines = levels.map(({ mean }) => {
    const y = scale.y(mean!);
    return { from: { x: FRAME.left, y }, to: { x: FRAME.right, y } };
  });
  const places = placeLabels(wanted, { frame: FRAME, obstacles, lines });
  return [...levels, ...placed].map(({ restorer }, i) => ({ restorer, place: places[i]! }));
}

/** Layers of names, where they are to stand in pixels. */
function labelLayers(labels: readonly Label[], color: Json): Json[] {
  const pixel = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
  const leaders = labels.flatMap(({ restorer, place: { leader } }) =>
    leader ? [{ restorer, x: leader.from.x, y: leader.from.y, x2: leader.to.x, y2: leader.to.y }] : [],
  );
  const names = labels.map(({ restorer, place: { box, align } }) => ({
    restorer,
    align,
    x: align === 'center' ? (box.left + box.right) / 2 : box[align],
    y: (box.top + box.bottom) / 2,
  }));
  return [
    {
      data: { values: leaders },
      mark: { type: 'rule', strokeWidth: 0.7, aria: false },
      encoding: { x: pixel('x'), y: pixel('y'), x2: { field: 'x2' }, y2: { field: 'y2' }, color },
    },
    {
      data: { values: names },
      mark: { type: 'text', align: { expr: 'datum.align' }, baseline: 'middle', fontSize: FONT_SIZE, aria: false },
      encoding: { x: pixel('x'), y: pixel('y'), color, text: { field: 'restorer' } },
    },
  ];
}

function contentsOf(report: ProfileReport, panel: Panel, metric: string): Contents {
  const points = pointsOf(report, panel, metric);
  return { placed: points.filter(({ x }) => x > 0), levels: points.filter(({ x }) => x <= 0) };
}

function spec(
  { restorers }: ProfileReport,
  panel: Panel,
  metric: string,
  { placed, levels }: Contents,
  labels: readonly Label[],
): Json {
  const points = [...placed, ...levels];
  const series = seriesOf(restorers.map(({ id }) => ({ id, label: id, settings: {} })));
  const shown = series.filter(({ label }) => points.some(({ restorer }) => restorer === label));
  const channel = (of: (one: Series) => unknown) => ({
    field: 'restorer',
    type: 'nominal',
    scale: { domain: shown.map(({ label }) => label), range: shown.map(of) },
    legend: null,
  });
  const color = channel(FILE_LOOK.colour);
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', nice: true, padding: 24 },
    axis: { title: AXES[panel].title, format: '~s', tickCount: 5, labelOverlap: 'greedy' },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: false, nice: true, padding: 12 },
    axis: { title: null, tickCount: 6, grid: true },
  });
  return {
    ...PLOT,
    ...figureBase(FILE_LOOK),
    layer: [
      {
        data: { values: levels },
        mark: { type: 'rule', strokeDash: [2, 3], strokeWidth: 1.2 },
        encoding: { y: y('mean'), color, description: { field: 'text' } },
      },
      {
        data: { values: placed.filter(({ low }) => low !== null) },
        mark: { type: 'rule', strokeWidth: 1.4, aria: false },
        encoding: { x, y: y('low'), y2: { field: 'high' }, color },
      },
      {
        data: { values: placed },
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: { x, y: y('mean'), color, shape: channel(({ symbol }) => symbol), description: { field: 'text' } },
      },
      ...labelLayers(labels, color),
      heading(metricTitle(metric), -32, FILE_LOOK.ink, { fontSize: 14, fontWeight: 600 }),
      heading(directionText(points[0]!.direction), -15, FILE_LOOK.quiet, { fontSize: 11.5 }),
    ],
  };
}

/** Figure 4a or 4b for a metric as SVG; undefined where no restorer has a place on its axis. */
export async function drawPanel(report: ProfileReport, panel: Panel, metric: string): Promise<string | undefined> {
  const contents = contentsOf(report, panel, metric);
  if (contents.placed.length === 0) return undefined;
  const draw = (labels: readonly Label[]) => spec(report, panel, metric, contents, labels);
  // Scales are the plotting library's: names are placed on what it has laid out.
  return drawSvg(draw(labelsOf(contents, await scalesOf(draw([])))));
}
