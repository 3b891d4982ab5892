import type { BandLoss } from './detail-spectrum.js';
import { channelsOf, drawSvg, figureBase, heading, type Json, type Look } from './figure.js';
import type { Series } from './palette.js';

/** What a restorer does to each band of frequencies, mean over pictures. */
export interface DetailCurve {
  readonly restorer: string;
  readonly pictures: number;
  readonly bands: readonly BandLoss[];
}

interface Setting {
  readonly look: Look;
  readonly legend: boolean;
}

const PANELS = [
  { key: 'retained', title: 'Retained power', subtitle: 'output / original; below 1 detail is lost' },
  {
    key: 'error',
    title: 'Error-to-signal ratio',
    subtitle: '|output − original|² / original; at 1 no better than a blank',
  },
] as const;

const OCTAVES = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2];

const short = (value: number) => String(Number(value.toPrecision(3)));

/** From half to twice at least, so that a hair's breadth is not drawn as a gulf; 1 is always within. */
function domainOf(values: readonly (number | null)[]): [low: number, high: number] {
  const drawn = values.filter((value) => value !== null);
  return [Math.min(0.5, ...drawn.map((value) => value / 1.2)), Math.max(2, ...drawn.map((value) => value * 1.2))];
}

/** 1, 2 and 5 times powers of ten; over more than three decades the powers alone. */
function ticksWithin(low: number, high: number): number[] {
  const powers = Array.from({ length: 40 }, (_, i) => i - 20);
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function panel(
  { key, title, subtitle }: (typeof PANELS)[number],
  curves: readonly DetailCurve[],
  shown: readonly Series[],
  setting: Setting,
): Json {
  // A ratio of 0 has no place on a logarithmic axis: nothing is wrong, and nothing is drawn.
  const values = curves.flatMap(({ restorer, bands }) =>
    bands.map(({ frequency, [key]: value }) => ({
      series: restorer,
      x: frequency,
      value: value === null || value <= 0 ? null : value,
      text: `${restorer}, ${short(frequency)} cycles per pixel: ${title.toLowerCase()} ${value === null ? 'no value' : short(value)}`,
    })),
  );
  const { color, shape, strokeDash } = channelsOf(shown, setting);
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', base: 2, domain: [1 / 64, 1 / 2], nice: false },
    axis: { title: 'cycles per pixel', values: OCTAVES, format: '.2~g' },
  };
  const [low, high] = domainOf(values.map(({ value }) => value));
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: { type: 'log', domain: [low, high], nice: false },
    axis: { title: null, values: ticksWithin(low, high), grid: true, format: '~g' },
  };
  const ground = {
    data: { values: [{}] },
    mark: { type: 'rule', color: setting.look.quiet, aria: false },
    encoding: { y: { datum: 1 } },
  };
  return {
    width: 316,
    height: 250,
    data: { values },
    layer: [
      ground,
      {
        mark: { type: 'line', strokeWidth: 1.8, strokeJoin: 'round', aria: false },
        encoding: { x, y, color, strokeDash },
      },
      {
        transform: [{ filter: 'isValid(datum.value)' }],
        mark: { type: 'point', filled: true, size: 44, opacity: 1 },
        encoding: { x, y, color, shape, description: { field: 'text' } },
      },
      heading(title, -32, setting.look.ink, { fontSize: 14, fontWeight: 600 }),
      heading(subtitle, -15, setting.look.quiet, { fontSize: 11.5 }),
    ],
  };
}

/** Both ratios over frequency, side by side, as SVG. */
export function drawDetail(
  curves: readonly DetailCurve[],
  looks: readonly Series[],
  setting: Setting,
): Promise<string> {
  const shown = looks.filter(({ label }) => curves.some(({ restorer }) => restorer === label));
  const panels = PANELS.map((one) => panel(one, curves, shown, setting));
  return drawSvg({ hconcat: panels, spacing: 56, bounds: 'flush', ...figureBase(setting.look) });
}
