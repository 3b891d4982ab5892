import { explain, InputError } from '../../../errors.js';
import type { Image } from '../../../image/contract.js';

/** What a picture is measured by, in the order of a caption. Formulas: `training/ir_training/caption.py`, whose numbers these are to rounding. */
export const PROPERTIES = [
  'light',
  'contrast',
  'saturation',
  'warmth',
  'green',
  'texture',
  'direction',
  'sharpness',
  'grain',
  'blockiness',
] as const;

export type Property = (typeof PROPERTIES)[number];

/** Side of the blocks of JPEG, on whose grid blockiness is looked for. */
const BLOCK = 8;
/** Shortest side of a picture that has them all. */
export const LEAST_SIDE = 32;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

const mean = (values: Float64Array | Float32Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
};

/** BT.601 luma of RGB. */
function lumaOf({ width, height, data }: Image): Plane {
  const n = width * height;
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) y[i] = 0.299 * data[i]! + 0.587 * data[n + i]! + 0.114 * data[2 * n + i]!;
  return { width, height, data: y };
}

/** Means of n x n squares; what does not fill one at the right and bottom is left out. */
function reduced({ width, height, data }: Plane, n: number): Plane {
  const [w, h] = [Math.floor(width / n), Math.floor(height / n)];
  const out = new Float64Array(w * h);
  for (let y = 0; y < h * n; y++)
    for (let x = 0, row = Math.floor(y / n) * w; x < w * n; x++) out[row + Math.floor(x / n)]! += data[y * width + x]!;
  for (let i = 0; i < out.length; i++) out[i]! /= n * n;
  return { width: w, height: h, data: out };
}

/** Means of |d|^power of the differences to the right and downwards. */
function gradients({ width, height, data }: Plane, power: 1 | 2): readonly [right: number, down: number] {
  let [right, down] = [0, 0];
  const of = (d: number) => (power === 1 ? Math.abs(d) : d * d);
  for (let y = 0; y < height; y++)
    for (let x = 0, i = y * width; x < width; x++, i++) {
      if (x + 1 < width) right += of(data[i + 1]! - data[i]!);
      if (y + 1 < height) down += of(data[i + width]! - data[i]!);
    }
  return [right / (height * (width - 1)), down / ((height - 1) * width)];
}

/** Mean absolute gradient. */
function strength(plane: Plane): number {
  const [right, down] = gradients(plane, 1);
  return (right + down) / 2;
}

/** Deviation of noise: of the quietest quarter of the blocks, by the mixed difference, which does not see edges along the axes. */
function grain({ width, height, data }: Plane): number {
  const mixed = new Float64Array((width - 1) * (height - 1));
  for (let y = 0; y < height - 1; y++)
    for (let x = 0; x < width - 1; x++) {
      const i = y * width + x;
      mixed[y * (width - 1) + x] = ((data[i]! - data[i + width]! - data[i + 1]! + data[i + width + 1]!) / 2) ** 2;
    }
  const deviations = reduced({ width: width - 1, height: height - 1, data: mixed }, BLOCK)
    .data.map(Math.sqrt)
    .sort();
  return mean(deviations.subarray(0, Math.max(1, Math.floor(deviations.length / 4))));
}

/** Mean absolute difference across the borders of the 8 x 8 grid at the picture's corner over that elsewhere. */
function blockiness({ width, height, data }: Plane): number {
  const sums = { across: [0, 0], elsewhere: [0, 0] };
  const counts = { across: [0, 0], elsewhere: [0, 0] };
  const add = (axis: 0 | 1, at: number, d: number) => {
    const kind = at % BLOCK === BLOCK - 1 ? 'across' : 'elsewhere';
    sums[kind][axis]! += Math.abs(d);
    counts[kind][axis]!++;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0, i = y * width; x < width; x++, i++) {
      if (x + 1 < width) add(0, x, data[i + 1]! - data[i]!);
      if (y + 1 < height) add(1, y, data[i + width]! - data[i]!);
    }
  const both = (kind: 'across' | 'elsewhere') =>
    sums[kind][0]! / counts[kind][0]! + sums[kind][1]! / counts[kind][1]! + 1e-4;
  return both('across') / both('elsewhere');
}

/**
 * The measured properties of an RGB picture in [0, 1]. Every one is a mean over the picture, so that its size matters little.
 * @throws InputError `IR_E_SIZE` below 32 x 32
 */
export function measure(image: Image): Record<Property, number> {
  const { width, height, data } = image;
  if (Math.min(width, height) < LEAST_SIDE) {
    const told = { name: 'caption', expected: `sides of at least ${LEAST_SIDE} pixels`, got: `${width}x${height}` };
    throw new InputError('IR_E_SIZE', explain({ ...told, fix: 'Enlarge the picture, or set caption to false' }));
  }
  const n = width * height;
  const [red, green, blue] = [0, 1, 2].map((c) => mean(data.subarray(c * n, (c + 1) * n))) as [number, number, number];
  let saturation = 0;
  for (let i = 0; i < n; i++) {
    const [r, g, b] = [data[i]!, data[n + i]!, data[2 * n + i]!];
    saturation += Math.max(r, g, b) - Math.min(r, g, b);
  }
  const y = lumaOf(image);
  const light = mean(y.data);
  const half = reduced(y, 2);
  const [gx, gy] = gradients(half, 2);
  const texture = strength(half);
  return {
    light,
    contrast: Math.sqrt(mean(y.data.map((v) => (v - light) ** 2))),
    saturation: saturation / n,
    warmth: red - blue,
    green: green - (red + blue) / 2,
    texture,
    direction: (gx - gy) / (gx + gy + 1e-8),
    sharpness: (strength(y) + 1e-5) / (texture + 1e-5),
    grain: grain(y),
    blockiness: blockiness(y),
  };
}
