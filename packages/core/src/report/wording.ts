import type { StudyResults } from '../study/contract.js';
import type { Interval, Statistics } from './statistics.js';

export { counted } from '../errors.js';

export const MINUS = '\u2212';

/** `PSNR-Y` for `psnr-y`. */
export const metricTitle = (alias: string): string => alias.toUpperCase();

export const directionText = (direction: 'higher' | 'lower'): string => `${direction} is better`;

/** A number of figures and tables: fixed decimals, a true minus sign, no `-0.00`. */
export function fixed(value: number, decimals: number, { sign = false } = {}): string {
  const digits = Math.abs(value).toFixed(decimals);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? MINUS : sign ? '+' : ''}${digits}`;
}

export const intervalText = ({ low, high }: Interval, decimals: number, options = {}): string =>
  `${fixed(low, decimals, options)} to ${fixed(high, decimals, options)}`;

/** Decimals by which a metric's table is legible: four where values stay around 1 (SSIM), two up to a thousand, none beyond. */
export function decimalsOf({ spec }: Pick<StudyResults, 'spec'>, statistics: Statistics, metric: string): number {
  const means = spec.degradations.flatMap(({ name }) =>
    spec.restorers.map(({ label }) => Math.abs(statistics.summary(name, label, metric).mean ?? 0)),
  );
  const largest = Math.max(0, ...means);
  return largest < 1.5 ? 4 : largest < 1000 ? 2 : 0;
}

/** `12 : 1`: how far a latent is smaller than the picture. */
export const ratioText = (compression: number): string => `${Number(compression.toFixed(2))} : 1`;

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], conjunction = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/** Entries of one key together, keys in the order in which they first come. */
export function grouped<T>(entries: readonly T[], key: (entry: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const name = key(entry);
    const found = groups.get(name);
    if (found) found.push(entry);
    else groups.set(name, [entry]);
  }
  return [...groups.values()];
}

/** Something that may stand on an axis. */
export interface Placed {
  readonly name: string;
  readonly x: number | null;
}

/** The degradations of the figure's axis from left to right, then those that stand nowhere on it. */
export function onAxis<T extends Placed>(degradations: readonly T[]): T[] {
  const placed = degradations.filter(({ x }) => x !== null).sort((a, b) => a.x! - b.x!);
  return [...placed, ...degradations.filter(({ x }) => x === null)];
}

/**
 * Where something holds, in words: `every sigma`, `sigma 1 to 5 and 10`, or the names of the degradations. `chosen` in the order of
 * `onAxis`; a run joins neighbours of the study, so `1 to 5` speaks of the values that were tried.
 */
export function whereText(chosen: readonly Placed[], all: readonly Placed[], axis: string | null): string {
  const order = onAxis(all);
  const placed = order.filter(({ x }) => x !== null);
  const everything = chosen.length === order.length && order.length > 1;
  if (axis === null || placed.length < 2) {
    return everything ? 'every degradation' : listed(chosen.map(({ name }) => name));
  }
  if (everything && placed.length === order.length) return `every ${axis}`;
  const runs: Placed[][] = [];
  for (const one of chosen.filter(({ x }) => x !== null)) {
    const last = runs.at(-1);
    if (last && placed.indexOf(last.at(-1)!) + 1 === placed.indexOf(one)) last.push(one);
    else runs.push([one]);
  }
  const spans = runs.flatMap((run) => {
    const [first, last] = [String(run[0]!.x), String(run.at(-1)!.x)];
    if (run.length === 1) return [first];
    return run.length === 2 ? [first, last] : [`${first} to ${last}`];
  });
  const named = chosen.filter(({ x }) => x === null).map(({ name }) => name);
  return listed([...(spans.length > 0 ? [`${axis} ${listed(spans)}`] : []), ...named]);
}
