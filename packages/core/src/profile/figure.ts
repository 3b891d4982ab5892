import { drawSvg, FILE_LOOK, figureBase, heading, type Json } from '../report/figure.js';
import { type Series, seriesOf } from '../report/palette.js';
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

function spec(report: ProfileReport, panel: Panel, metric: string): Json | undefined {
  const points = pointsOf(report, panel, metric);
  const placed = points.filter(({ x }) => x > 0);
  if (placed.length === 0) return undefined;
  const levels = points.filter(({ x }) => x <= 0);
  const series = seriesOf(report.restorers.map(({ id }) => ({ id, label: id, settings: {} })));
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
  const label = { type: 'text', align: 'left', baseline: 'bottom', dx: 7, dy: -5, fontSize: 12, aria: false };
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
        data: { values: levels },
        mark: { ...label, dx: 4, dy: -2 },
        encoding: { x: { value: 0 }, y: y('mean'), color, text: { field: 'restorer' } },
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
      {
        data: { values: placed },
        mark: label,
        encoding: { x, y: y('mean'), color, text: { field: 'restorer' } },
      },
      heading(metricTitle(metric), -32, FILE_LOOK.ink, { fontSize: 14, fontWeight: 600 }),
      heading(directionText(points[0]!.direction), -15, FILE_LOOK.quiet, { fontSize: 11.5 }),
    ],
  };
}

/** Figure 4a or 4b for a metric as SVG; undefined where no restorer has a place on its axis. */
export async function drawPanel(report: ProfileReport, panel: Panel, metric: string): Promise<string | undefined> {
  const drawn = spec(report, panel, metric);
  return drawn && drawSvg(drawn);
}
