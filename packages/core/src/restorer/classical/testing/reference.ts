import type { Border } from '../../../degradation/contract.js';
import { gaussianTaps } from '../cosine.js';

/** The sample of a line of n that stands at position i, inside or not, by the definition of each border. */
export function fold(i: number, n: number, border: Border): number {
  if (border === 'replicate') return Math.min(n - 1, Math.max(0, i));
  if (n === 1) return 0;
  const period = border === 'symmetric' ? 2 * n : 2 * n - 2;
  const at = ((i % period) + period) % period;
  if (at < n) return at;
  return border === 'symmetric' ? period - 1 - at : period - at;
}

/** Blur by the definition in double precision: every tap, every sample, border by `fold`. */
export function blurByDefinition(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { sigma, size, border }: { sigma: number; size: number; border: Border },
): Float64Array {
  const taps = gaussianTaps(sigma, size);
  const radius = (size - 1) / 2;
  const across = new Float64Array(width * height);
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let j = -radius; j <= radius; j++)
        across[y * width + x]! += taps[j + radius]! * plane[y * width + fold(x + j, width, border)]!;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let j = -radius; j <= radius; j++)
        out[y * width + x]! += taps[j + radius]! * across[fold(y + j, height, border) * width + x]!;
    }
  }
  return out;
}
