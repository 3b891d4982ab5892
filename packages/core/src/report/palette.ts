import type { StudyRestorer, StudySpec } from '../study/contract.js';
import { sweepOf } from './sweep.js';

/** How one restorer is drawn, in every figure and beside every name. */
export interface Series {
  readonly label: string;
  /** On white paper and on a dark screen: each at least 3:1 against its ground, told apart by the common colour blindnesses. */
  readonly light: string;
  readonly dark: string;
  /** Path in the square -1..1: form carries what colour may not. */
  readonly symbol: string;
  readonly dash: readonly number[];
  /** Name of the colour in the page's style sheet. */
  readonly variable: string;
}

/** What has a look of its own: a restorer, or a series of them. */
export interface Drawn extends Pick<StudyRestorer, 'id' | 'label'> {
  /** The same all along the axis: drawn as a dashed line. */
  readonly level?: boolean;
}

const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0b62ad', '#62b0f4'],
  ['#c24a00', '#ff9152'],
  ['#007f5c', '#43cfa3'],
  ['#a33d83', '#ea93cc'],
  ['#8f6400', '#e6bb45'],
  ['#5a49c0', '#ab9fff'],
  ['#00758f', '#5accea'],
  ['#a8323a', '#ff8f96'],
];

const CIRCLE = 'M0,-.9C.5,-.9,.9,-.5,.9,0C.9,.5,.5,.9,0,.9C-.5,.9,-.9,.5,-.9,0C-.9,-.5,-.5,-.9,0,-.9Z';
const SYMBOLS = [
  'M-.8,-.8H.8V.8H-.8Z',
  'M0,-1L1,.8H-1Z',
  'M0,-1.1L1.1,0L0,1.1L-1.1,0Z',
  'M0,1L1,-.8H-1Z',
  'M-.35,-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z',
  'M0,-1.1L.95,-.34L.59,.78H-.59L-.95,-.34Z',
  'M-1,-1L1,0L-1,1Z',
  'M1,-1L-1,0L1,1Z',
];

/** Doing nothing is the ground the others stand on: grey and dotted. */
const NOTHING = { light: '#6a6a6a', dark: '#a9a9a9', symbol: CIRCLE, dash: [2, 3] } as const;
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [7, 3, 2, 3]];

/** A level has no points; in legends it is the dashes it is drawn by. */
const LEVEL = 'M-1.2,-.22H-.2V.22H-1.2ZM.2,-.22H1.2V.22H.2Z';
const LEVEL_DASHES: readonly (readonly number[])[] = [
  [6, 4],
  [6, 3, 2, 3],
  [3, 3],
];

/** Is it the degraded picture itself? */
export const isNothing = ({ id }: Pick<StudyRestorer, 'id'>): boolean => id === 'none';

/** One look for each of them, by its place; beyond eight, colours return with another dash. */
export function seriesOf(drawn: readonly Drawn[]): Series[] {
  let next = 0;
  return drawn.map((one, i) => {
    const common = { label: one.label, variable: `--series-${i}` };
    const form = one.level ? { symbol: LEVEL } : {};
    if (isNothing(one)) return { ...common, ...NOTHING, ...form };
    const [light, dark] = COLOURS[next % COLOURS.length]!;
    const symbol = SYMBOLS[next % SYMBOLS.length]!;
    const dashes = one.level ? LEVEL_DASHES : DASHES;
    const dash = dashes[Math.floor(next / COLOURS.length) % dashes.length]!;
    next += 1;
    return { ...common, light, dark, symbol, dash, ...form };
  });
}

/** Looks of a study's figure: of each restorer, or of each series and level where the figure stands over restorers. */
export function looksOf(spec: Pick<StudySpec, 'restorers' | 'figure'>): Series[] {
  const sweep = sweepOf(spec);
  if (!sweep) return seriesOf(spec.restorers);
  const curves = sweep.series.map(({ name }) => ({ id: 'series', label: name }));
  return seriesOf([...curves, ...sweep.levels.map(({ id, label }) => ({ id, label, level: true }))]);
}

/** The look of a restorer: its own, or its series'. */
export const lookOf = (
  looks: readonly Series[],
  { label, series }: Pick<StudyRestorer, 'label' | 'series'>,
): Series | undefined => looks.find((one) => one.label === label) ?? looks.find((one) => one.label === series);
