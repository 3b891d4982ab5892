import { setImmediate } from 'node:timers/promises';
import type { Grid } from './grid.js';

export type ColourFix = 'wavelet' | 'adain' | 'none';

const LEVELS = 5;

/** (1 2 1) / 4 along one axis with `dx` or `dy` samples between taps, the edge's samples repeated. */
function smooth(from: Float32Array, to: Float32Array, width: number, height: number, dx: number, dy: number): void {
  for (let y = 0; y < height; y++) {
    const [before, at, after] = [Math.max(0, y - dy) * width, y * width, Math.min(height - 1, y + dy) * width];
    for (let x = 0; x < width; x++) {
      const sides = from[before + (x < dx ? 0 : x - dx)]! + from[after + (x + dx < width ? x + dx : width - 1)]!;
      to[at + x] = 0.25 * (sides + 2 * from[at + x]!);
    }
  }
}

/** Leaves the low frequencies of a plane: five passes of (1 2 1; 2 4 2; 1 2 1) / 16 dilated by 1, 2, 4, 8, 16. */
async function lowPass(plane: Float32Array, width: number, height: number, signal?: AbortSignal): Promise<void> {
  const rows = new Float32Array(plane.length);
  for (let level = 0; level < LEVELS; level++) {
    smooth(plane, rows, width, height, 2 ** level, 0);
    smooth(rows, plane, width, height, 0, 2 ** level);
    await setImmediate();
    signal?.throwIfAborted();
  }
}

/** Content's high frequencies on the style's low ones. Smoothing is linear: that is content + low(style - content). */
async function wavelet(content: Grid, style: Grid, signal?: AbortSignal): Promise<void> {
  const { width, height, channels } = content;
  for (let c = 0; c < channels; c++) {
    const plane = content.data.subarray(c * width * height, (c + 1) * width * height);
    const difference = style.data.slice(c * width * height, (c + 1) * width * height);
    for (let i = 0; i < plane.length; i++) difference[i]! -= plane[i]!;
    await lowPass(difference, width, height, signal);
    for (let i = 0; i < plane.length; i++) plane[i]! += difference[i]!;
  }
}

/** Mean and deviation of a plane; unbiased variance + 1e-5, as published. */
function moments(plane: Float32Array): { mean: number; deviation: number } {
  const mean = plane.reduce((sum, v) => sum + v, 0) / plane.length;
  const squares = plane.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (plane.length - 1) + 1e-5) };
}

function adain(content: Grid, style: Grid): void {
  const length = content.width * content.height;
  for (let c = 0; c < content.channels; c++) {
    const plane = content.data.subarray(c * length, (c + 1) * length);
    const [from, to] = [moments(plane), moments(style.data.subarray(c * length, (c + 1) * length))];
    for (let i = 0; i < length; i++) plane[i] = ((plane[i]! - from.mean) / from.deviation) * to.deviation + to.mean;
  }
}

/** Gives `content` the colours of `style`, in place (A.5). Both of one size, in one range. Rejects with the signal's reason. */
export async function fixColour(content: Grid, style: Grid, fix: ColourFix, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (fix === 'wavelet') await wavelet(content, style, signal);
  if (fix === 'adain') adain(content, style);
}
