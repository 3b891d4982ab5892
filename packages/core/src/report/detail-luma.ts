import type { Image } from '../image/contract.js';

/** A plane of luma over [0, 1]. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** BT.601 luma, 0.299 R + 0.587 G + 0.114 B, of the encoded samples. */
export function lumaOf({ width, height, channels, data }: Image): Luma {
  const n = width * height;
  const value = (i: number) =>
    channels === 1 ? data[i]! : 0.299 * data[i]! + 0.587 * data[n + i]! + 0.114 * data[2 * n + i]!;
  return { width, height, data: Float64Array.from({ length: n }, (_, i) => value(i)) };
}

/** Half a Gaussian's kernel, normalised, to three sigmas. */
function taps(sigma: number): Float64Array {
  const half = Float64Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) =>
    Math.exp(-(i ** 2) / (2 * sigma ** 2)),
  );
  const total = half.reduce((sum, w, i) => sum + (i === 0 ? w : 2 * w), 0);
  return half.map((w) => w / total);
}

/** Place i of a line of n, mirrored at its ends without repeating them. */
function mirrored(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}

/** Gaussian blur, mirrored at the borders. */
export function blurred({ width, height, data }: Luma, sigma: number): Luma {
  const half = taps(sigma);
  const lines = (from: Float64Array, length: number, count: number, step: number, stride: number): Float64Array => {
    const out = new Float64Array(from.length);
    const line = new Float64Array(length);
    for (let l = 0; l < count; l++) {
      for (let i = 0; i < length; i++) line[i] = from[l * stride + i * step]!;
      for (let i = 0; i < length; i++) {
        let sum = half[0]! * line[i]!;
        const inside = i >= half.length - 1 && i + half.length <= length;
        for (let k = 1; k < half.length; k++)
          sum += inside
            ? half[k]! * (line[i - k]! + line[i + k]!)
            : half[k]! * (line[mirrored(i - k, length)]! + line[mirrored(i + k, length)]!);
        out[l * stride + i * step] = sum;
      }
    }
    return out;
  };
  return { width, height, data: lines(lines(data, width, height, 1, width), height, width, width, 1) };
}
