import { type Interval, intervalMaker, studentBound } from '@ir/core';
import { meanOf } from '../pictures.js';

/** A metric over pictures. */
export interface Aggregate {
  /** null: no picture has a value. */
  readonly mean: number | null;
  /** 95 % interval of the mean over pictures; null for fewer than two of them. */
  readonly low: number | null;
  readonly high: number | null;
  /** Pictures with a value. */
  readonly n: number;
}

const BOOTSTRAP = { resamples: 2000, seed: 0 } as const;
/** Above this many pictures the bootstrap is as good as Student's interval, which needs no draws (a tenth of a second at 100). */
const MOST_DRAWN = 100;

const bootstrap = intervalMaker(BOOTSTRAP);

function student(values: readonly number[], mean: number): Interval {
  const n = values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentBound(0.95, n - 1) * Math.sqrt(variance / n);
  return { low: mean - half, high: mean + half };
}

/** 95 % interval of a mean over pictures: bootstrap (2000 resamples, seed 0, widened for small n), Student's above 100 pictures. */
export function intervalOf(values: readonly number[]): Interval | null {
  return values.length > MOST_DRAWN ? student(values, meanOf(values)) : bootstrap(values);
}

export function aggregate(values: readonly number[]): Aggregate {
  const { low, high } = intervalOf(values) ?? { low: null, high: null };
  return { mean: values.length === 0 ? null : meanOf(values), low, high, n: values.length };
}
