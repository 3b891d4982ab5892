import { philox } from './philox.js';
import { normalTail, studentBound } from './student.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How intervals are drawn: a study's own setting. */
export interface Bootstrap {
  readonly resamples: number;
  readonly seed: number;
}

export const LEVEL = 0.95;

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

/**
 * Which of n pictures each resample draws: resample r holds entries r n .. r n + n - 1. Entry i of resample r is
 * floor(n u / 2^32), u word i mod 4 of Philox at counter (floor(i / 4), r, 0, 0) and key `seed`; so draws depend on nothing but
 * (seed, r, i, n), and every group of n pictures is resampled alike.
 */
export function drawPictures(n: number, { resamples, seed }: Bootstrap): Uint32Array {
  const draws = new Uint32Array(resamples * n);
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i += 4) {
      const words = philox([i / 4, r, 0, 0], key);
      for (let w = 0; w < 4 && i + w < n; w++) draws[r * n + i + w] = Math.floor((words[w]! * n) / 2 ** 32);
    }
  }
  return draws;
}

/**
 * Probability left out on each side. The plain percentile interval is too narrow for few pictures, as if the spread were divided by n
 * and the normal law held; reading it further out by sqrt(n / (n - 1)) t / z (Hesterberg 2015) makes it as wide as Student's.
 */
export function tailProbability(n: number): number {
  return normalTail(Math.sqrt(n / (n - 1)) * studentBound(LEVEL, n - 1));
}

/** The p-quantile of sorted numbers, linear between neighbours. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const from = sorted[below]!;
  return from + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - from);
}

/** Makes 95 % intervals of means over pictures; draws are kept, so that groups of one size share them. */
export function intervalMaker(bootstrap: Bootstrap): (values: readonly number[]) => Interval | null {
  const kept = new Map<number, { readonly draws: Uint32Array; readonly tail: number }>();
  const settingFor = (n: number) => {
    const found = kept.get(n) ?? { draws: drawPictures(n, bootstrap), tail: tailProbability(n) };
    kept.set(n, found);
    return found;
  };
  /** null for fewer than two values: one picture says nothing of how pictures differ. */
  return (values) => {
    const n = values.length;
    if (n < 2) return null;
    const mean = meanOf(values);
    const apart = values.map((value) => value - mean); // equal values give an interval of width 0 to the bit
    const { draws, tail } = settingFor(n);
    const means = new Float64Array(bootstrap.resamples);
    for (let r = 0; r < means.length; r++) {
      let sum = 0;
      for (let i = r * n; i < (r + 1) * n; i++) sum += apart[draws[i]!]!;
      means[r] = sum / n;
    }
    means.sort();
    return { low: mean + quantile(means, tail), high: mean + quantile(means, 1 - tail) };
  };
}
