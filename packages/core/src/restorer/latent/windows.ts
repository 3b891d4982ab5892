import type { TilePlan } from '../contract.js';
import type { Rectangle } from '../direct/tiles.js';
import type { Grid } from './grid.js';

/**
 * Starts of windows along a side: every `stride`, the last one moved back so that it ends at the border. A side no longer than the window has one.
 */
export function windowStarts(length: number, window: number, stride: number): number[] {
  const starts: number[] = [];
  for (let at = 0; at + window < length; at += stride) starts.push(at);
  starts.push(Math.max(0, length - window));
  return [...new Set(starts)];
}

/** How published samplers weight a window's rows is off by half a sample (`published`); ours is symmetric in both. */
export type WindowWeights = 'symmetric' | 'published';

/**
 * Gaussian weights along a side of n samples, of variance 0.01 in units of the side:
 * exp(-((i - middle) / n)^2 / 0.02) / sqrt(0.02 pi), middle = (n - 1) / 2 (published rows: n / 2).
 */
export function gaussianWeights(n: number, middle = (n - 1) / 2): Float64Array {
  return Float64Array.from(
    { length: n },
    (_, i) => Math.exp(-(((i - middle) / n) ** 2) / 0.02) / Math.sqrt(0.02 * Math.PI),
  );
}

/** A window of a latent with its weight in each column and row. */
export interface Window extends Rectangle {
  readonly weights: { readonly x: Float64Array; readonly y: Float64Array };
}

export interface Windows {
  readonly windows: readonly Window[];
  /** Sum of all windows' weights at each place, for the quotient. */
  readonly total: Float64Array;
}

/**
 * Windows over a latent for a tile plan in pixels: cores of `size` every `size`, with `overlap` of context on each side. So `256+128` is the
 * published 512 pixels every 256. A window's side is rounded up to `multiple` samples of the latent.
 */
export function windowsOf(
  { width, height }: Pick<Grid, 'width' | 'height'>,
  plan: TilePlan,
  factor: number,
  multiple: number,
  rule: WindowWeights,
): Windows {
  const stride = Math.ceil(plan.size / factor);
  const side = Math.ceil((plan.size + 2 * plan.overlap) / factor / multiple) * multiple;
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  const weights = { x: gaussianWeights(w), y: gaussianWeights(h, rule === 'published' ? h / 2 : (h - 1) / 2) };
  const windows = windowStarts(height, side, stride).flatMap((top) =>
    windowStarts(width, side, stride).map((left) => ({ left, top, width: w, height: h, weights })),
  );
  const total = new Float64Array(width * height);
  for (const { left, top } of windows)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) total[(top + y) * width + left + x]! += weights.x[x]! * weights.y[y]!;
  return { windows, total };
}
