import type { Image } from '@ir/core';

/** Plain double-precision versions, written from the definitions: the oracle of the native kernels. One array of rows a plane, 0..255. */
export type Plane = readonly (readonly number[])[];

const LUMA = {
  'y-studio': [65.481 / 255, 128.553 / 255, 24.966 / 255, 16],
  'y-full': [0.299, 0.587, 0.114, 0],
  gray: [0.298936021293775, 0.587043074451121, 0.114020904255103, 0],
} as const;

/** numpy's round: ties to even. */
function rint(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Samples on the 0..255 scale, exact for 8 and 16 bits. */
function sample(image: Image, channel: number, x: number, y: number): number {
  const c = image.channels === 1 ? 0 : channel;
  const value = image.data[(c * image.height + y) * image.width + x]!;
  if (image.depth === 8) return Math.round(value * 255);
  return image.depth === 16 ? (Math.round(value * 65535) * 255) / 65535 : value * 255;
}

function planeOf({ width, height }: Image, crop: number, at: (x: number, y: number) => number): Plane {
  return Array.from({ length: height - 2 * crop }, (_, y) =>
    Array.from({ length: width - 2 * crop }, (__, x) => at(x + crop, y + crop)),
  );
}

export const rgbPlanes = (image: Image, crop = 0): Plane[] =>
  [0, 1, 2].map((c) => planeOf(image, crop, (x, y) => sample(image, c, x, y)));

export function lumaPlane(image: Image, kind: keyof typeof LUMA, rounded: boolean, crop = 0): Plane {
  const [r, g, b, offset] = LUMA[kind];
  return planeOf(image, crop, (x, y) => {
    const value = r * sample(image, 0, x, y) + g * sample(image, 1, x, y) + b * sample(image, 2, x, y) + offset;
    return rounded ? rint(value) : value;
  });
}

export function psnr(a: readonly Plane[], b: readonly Plane[]): number {
  let sum = 0;
  let count = 0;
  for (const [c, plane] of a.entries())
    for (const [y, row] of plane.entries())
      for (const [x, value] of row.entries()) {
        sum += (value - b[c]![y]![x]!) ** 2;
        count++;
      }
  return 10 * Math.log10((255 * 255 * count) / sum);
}

/** A weighted window: offsets from its centre, weights of sum 1. */
export interface Window {
  readonly radius: number;
  readonly weights: Plane;
}

function outer(taps: readonly number[]): Plane {
  const sum = taps.reduce((a, b) => a + b);
  return taps.map((p) => taps.map((q) => (p * q) / (sum * sum)));
}

export const gaussianTaps = (radius: number, sigma: number): number[] =>
  Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
export const WANG: Window = { radius: 5, weights: outer(gaussianTaps(5, 1.5)) };
export const UNIFORM7: Window = { radius: 3, weights: outer(Array<number>(7).fill(1)) };

export const C1 = (0.01 * 255) ** 2;
export const C2 = (0.03 * 255) ** 2;

export interface SsimOptions {
  readonly window?: Window;
  /** Pixels beyond the edge count as zeros, and every pixel has a window. */
  readonly zeroPadded?: boolean;
  readonly clampContrast?: boolean;
  /** Factor on variances and covariance, NP / (NP - 1) for sample moments. */
  readonly moments?: number;
}

/** Means over windows of l cs and of cs. */
export function ssim(a: Plane, b: Plane, options: SsimOptions = {}): { ssim: number; contrast: number } {
  const { window = WANG, zeroPadded = false, clampContrast = false, moments = 1 } = options;
  const { radius, weights } = window;
  const inset = zeroPadded ? 0 : radius;
  let [total, structure, count] = [0, 0, 0];
  for (let y = inset; y < a.length - inset; y++)
    for (let x = inset; x < a[0]!.length - inset; x++) {
      let [ma, mb] = [0, 0];
      const visit = (each: (w: number, p: number, q: number) => void) => {
        for (let j = -radius; j <= radius; j++)
          for (let i = -radius; i <= radius; i++)
            each(weights[j + radius]![i + radius]!, a[y + j]?.[x + i] ?? 0, b[y + j]?.[x + i] ?? 0);
      };
      visit((w, p, q) => {
        ma += w * p;
        mb += w * q;
      });
      let [va, vb, cov] = [0, 0, 0];
      visit((w, p, q) => {
        va += w * (p - ma) ** 2;
        vb += w * (q - mb) ** 2;
        cov += w * (p - ma) * (q - mb);
      });
      let cs = (2 * moments * cov + C2) / (moments * (va + vb) + C2);
      if (clampContrast) cs = Math.max(0, cs);
      structure += cs;
      total += ((2 * ma * mb + C1) / (ma * ma + mb * mb + C1)) * cs;
      count++;
    }
  return { ssim: total / count, contrast: structure / count };
}

/** SSIM of an array of planes as a volume: a window of 11 in all three directions around every sample, edges repeated. */
export function volumeSsim(a: readonly Plane[], b: readonly Plane[]): number {
  const taps = gaussianTaps(5, 1.5);
  const sum = taps.reduce((p, q) => p + q);
  const w = taps.map((tap) => tap / sum);
  const [depth, height, width] = [a.length, a[0]!.length, a[0]![0]!.length];
  const around = (n: number) =>
    Array.from({ length: n }, (_, at) => taps.map((__, k) => Math.min(n - 1, Math.max(0, at + k - 5))));
  const [channels, rows, columns] = [around(depth), around(height), around(width)];
  let total = 0;
  for (let c = 0; c < depth; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let [ma, mb, sq, ab] = [0, 0, 0, 0];
        for (let k = 0; k < 11; k++)
          for (let j = 0; j < 11; j++) {
            const ap = a[channels[c]![k]!]![rows[y]![j]!]!;
            const bp = b[channels[c]![k]!]![rows[y]![j]!]!;
            for (let i = 0; i < 11; i++) {
              const p = ap[columns[x]![i]!]!;
              const q = bp[columns[x]![i]!]!;
              const t = w[i]! * w[j]! * w[k]!;
              ma += t * p;
              mb += t * q;
              sq += t * (p * p + q * q);
              ab += t * p * q;
            }
          }
        const cs = (2 * (ab - ma * mb) + C2) / (sq - ma * ma - mb * mb + C2);
        total += ((2 * ma * mb + C1) / (ma * ma + mb * mb + C1)) * cs;
      }
  return total / (depth * height * width);
}

/** Means of 2x2 samples; a zero row or column first where a side is odd. */
export function halved(plane: Plane): Plane {
  const [height, width] = [plane.length, plane[0]!.length];
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : plane[y]![x]!);
  return Array.from({ length: Math.ceil(height / 2) }, (_, j) =>
    Array.from({ length: Math.ceil(width / 2) }, (__, i) => {
      const [x, y] = [2 * i - (width % 2), 2 * j - (height % 2)];
      return (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4;
    }),
  );
}
