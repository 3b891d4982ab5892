import { forBands } from '../../image/bands.js';
import type { Image } from '../../image/contract.js';
import type { BlurOperator } from './operator.js';

/** Smallest blurred estimate that is divided by: a quarter of an 8-bit level's hundredth. */
const FLOOR = 1e-5;
const ROW = 1024;

export interface RichardsonLucyOptions {
  readonly iterations: number;
  readonly signal?: AbortSignal | undefined;
  readonly onIteration?: ((done: number) => void) | undefined;
  /** Called with the estimate after every iteration; it is reused, copy what is kept. */
  readonly onEstimate?: ((estimate: Float32Array, done: number) => void | Promise<void>) | undefined;
}

/** Elementwise work in bands, so that a large picture does not hold up the event loop. */
const inBands = (count: number, work: (first: number, end: number) => void, signal: AbortSignal | undefined) =>
  forBands(Math.ceil(count / ROW), ROW, (first, end) => work(first * ROW, Math.min(count, end * ROW)), signal);

// The loops stand by themselves: as closures over sums they run at a fraction of the speed.

/** Where the next iteration starts: the estimate moved on along its last change. */
function predict(
  start: Float32Array,
  now: Float32Array,
  before: Float32Array,
  step: number,
  first: number,
  end: number,
): void {
  for (let i = first; i < end; i++) start[i] = Math.max(FLOOR, now[i]! + step * (now[i]! - before[i]!));
}

/** observed / model, into the model's memory. */
function divide(observed: Float32Array, model: Float32Array, first: number, end: number): void {
  for (let i = first; i < end; i++) model[i] = observed[i]! / Math.max(FLOOR, model[i]!);
}

interface Products {
  along: number;
  square: number;
}

/** The new estimate start x correction into `next`, its change, and the products of this change and the last that give the next step. */
function correct(
  {
    start,
    correction,
    inverse,
    next,
    change,
  }: Record<'start' | 'correction' | 'inverse' | 'next' | 'change', Float32Array>,
  first: number,
  end: number,
  sums: Products,
): void {
  let along = 0;
  let square = 0;
  for (let i = first; i < end; i++) {
    const from = start[i]!;
    const value = from * correction[i]! * inverse[i]!;
    const moved = value - from;
    const last = change[i]!;
    along += moved * last;
    square += last * last;
    change[i] = moved;
    next[i] = value;
  }
  sums.along += along;
  sums.square += square;
}

/**
 * Richardson-Lucy deconvolution of all channels: x <- x A^T(y / A x) / A^T 1, where A is the degradation's blur with its own border and A^T
 * its true adjoint; from x = y. Each iteration starts from a point predicted along the last change (vector acceleration of first order:
 * step <g_k, g_k-1> / <g_k-1, g_k-1>, held to [0, 1)), which is worth several plain iterations. The result is clipped to [0, 1].
 * Sources: Richardson 1972, Lucy 1974; Biggs and Andrews 1997 (acceleration).
 */
export async function richardsonLucy(image: Image, blur: BlurOperator, options: RichardsonLucyOptions): Promise<Image> {
  const { iterations, signal, onIteration, onEstimate } = options;
  const observed = image.data;
  const count = observed.length;
  const inverse = await blur.adjoint(new Float32Array(count).fill(1));
  for (let i = 0; i < count; i++) inverse[i] = 1 / inverse[i]!;
  let estimate = observed.map((value) => Math.max(value, FLOOR));
  let before = estimate.slice();
  const [start, model, correction, change] = [0, 1, 2, 3].map(() => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let step = 0;
  for (let k = 1; k <= iterations; k++) {
    const now = estimate;
    const next = before;
    await inBands(count, (first, end) => predict(start, now, next, step, first, end), signal);
    await blur.apply(start, model);
    await inBands(count, (first, end) => divide(observed, model, first, end), signal);
    await blur.adjoint(model, correction);
    const sums = { along: 0, square: 0 };
    // The older estimate has served its turn: the new one takes its memory.
    await inBands(
      count,
      (first, end) => correct({ start, correction, inverse, next, change }, first, end, sums),
      signal,
    );
    estimate = next;
    before = now;
    step = sums.square > 0 ? Math.min(0.999, Math.max(0, sums.along / sums.square)) : 0;
    onIteration?.(k);
    await onEstimate?.(estimate, k);
  }
  return { ...image, data: estimate.map((value) => Math.min(1, value)), depth: 32 };
}
