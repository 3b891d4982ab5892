import type { Image } from '../image/contract.js';
import type { Rect } from '../image/geometry.js';
import { blurred, type Luma } from './detail-luma.js';

/** Structures finer than this (standard deviation of the Gaussian taken off, in pixels) are detail. */
export const FINE = 2;
/** The neighbourhood over which detail is averaged (standard deviation of its Gaussian weights, in pixels). */
export const NEIGHBOURHOOD = 6;

/** Local RMS of the detail: sqrt(G_6 * (y - G_2 * y)^2), in units of the luma. */
export function activityOf(luma: Luma): Luma {
  const smooth = blurred(luma, FINE);
  const squares = luma.data.map((value, i) => (value - smooth.data[i]!) ** 2);
  const { data, ...size } = blurred({ ...luma, data: squares }, NEIGHBOURHOOD);
  return { ...size, data: data.map((value) => Math.sqrt(Math.max(0, value))) };
}

/** Local RMS of the detail of (output - original): what is missing, and what stands there instead. */
export const lossOf = (original: Luma, output: Luma): Luma =>
  activityOf({ ...original, data: output.data.map((value, i) => value - original.data[i]!) });

/** The square (or, in smaller pictures, the rectangle) of `side` pixels in which the sum of squares over all maps is greatest; the first of equals. */
export function worstPlace(maps: readonly Luma[], side: number): Rect {
  const { width, height } = maps[0]!;
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  // Sums over everything above and to the left.
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const here = maps.reduce((sum, { data }) => sum + data[y * width + x]! ** 2, 0);
      const [above, at] = [y * (width + 1) + x + 1, (y + 1) * (width + 1) + x];
      sums[at + 1] = here + sums[above]! + sums[at]! - sums[above - 1]!;
    }
  const total = (x: number, y: number) => {
    const [top, bottom] = [y * (width + 1) + x, (y + h) * (width + 1) + x];
    return sums[bottom + w]! - sums[bottom]! - sums[top + w]! + sums[top]!;
  };
  let place = { x: 0, y: 0, width: w, height: h };
  let most = Number.NEGATIVE_INFINITY;
  for (let y = 0; y + h <= height; y++)
    for (let x = 0; x + w <= width; x++)
      if (total(x, y) > most * (1 + 1e-12)) {
        most = total(x, y);
        place = { ...place, x, y };
      }
  return place;
}

/** Black over violet and orange to pale yellow: lightness rises all the way, so that it reads in grey as well. */
const RAMP: readonly (readonly [number, number, number])[] = [
  [0, 0, 0.02],
  [0.26, 0.04, 0.41],
  [0.58, 0.15, 0.4],
  [0.87, 0.32, 0.23],
  [0.99, 0.65, 0.04],
  [0.99, 1, 0.64],
];

/** A map as a picture: 0 black, `top` and beyond pale yellow. */
export function paint({ width, height, data }: Luma, top: number): Image {
  const n = width * height;
  const out = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    const at = top > 0 ? Math.min(1, data[i]! / top) * (RAMP.length - 1) : 0;
    const from = Math.min(RAMP.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) {
      const [a, b] = [RAMP[from]![c]!, RAMP[from + 1]![c]!];
      out[c * n + i] = a + (b - a) * (at - from);
    }
  }
  return { width, height, channels: 3, depth: 8, data: out };
}

/** Each pixel as a square of `times` pixels. */
export function enlarged({ width, height, channels, data, depth }: Image, times: number): Image {
  const [w, h] = [width * times, height * times];
  const out = new Float32Array(channels * w * h);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        out[(c * h + y) * w + x] = data[(c * height + Math.floor(y / times)) * width + Math.floor(x / times)]!;
  return { width: w, height: h, channels, depth, data: out };
}

/** The picture with a white line of one pixel around a rectangle, inside it. */
export function outlined(image: Image, rect: Rect): Image {
  const { width, height, channels } = image;
  const data = image.data.slice();
  const [right, bottom] = [rect.x + rect.width - 1, rect.y + rect.height - 1];
  for (let y = rect.y; y <= bottom; y++)
    for (let x = rect.x; x <= right; x++)
      if (x === rect.x || x === right || y === rect.y || y === bottom)
        for (let c = 0; c < channels; c++) data[(c * height + y) * width + x] = 1;
  return { ...image, data };
}
