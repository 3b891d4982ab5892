import { setImmediate } from 'node:timers/promises';
import type { Image } from '../../image/contract.js';

function lumaOf({ data, width, height, channels }: Image): Float32Array {
  const n = width * height;
  if (channels === 1) return data;
  return Float32Array.from(
    { length: n },
    (_, i) => 0.2989 * data[i]! + 0.587 * data[n + i]! + 0.114 * data[2 * n + i]!,
  );
}

/** Magnitude of the Sobel gradient of luma at a pixel, the edge's samples repeated beyond the border. */
function sobel(luma: Float32Array, width: number, height: number, x: number, y: number): number {
  const [up, down] = [Math.max(0, y - 1) * width, Math.min(height - 1, y + 1) * width];
  const [left, right, middle] = [Math.max(0, x - 1), Math.min(width - 1, x + 1), y * width];
  const [a, b, c, d] = [luma[up + left]!, luma[up + right]!, luma[down + left]!, luma[down + right]!];
  const across = a - b + c - d + 2 * (luma[middle + left]! - luma[middle + right]!);
  const along = a + b - c - d + 2 * (luma[up + x]! - luma[down + x]!);
  return Math.sqrt(across * across + along * along);
}

/** Rows between looks at the event loop. */
const BAND = 64;

/**
 * How much restoration guidance counts at each place of the latent grid: w = 1 - tanh(sum of Sobel magnitudes over a block of 2x2 pixels) of
 * I_reg, so that flat parts are held and edges are left free; averaged over the `factor` x `factor` pixels of a sample of the latent.
 */
export async function flatness(image: Image, factor: number): Promise<Float32Array> {
  const { width, height } = image;
  const luma = lumaOf(image);
  const across = Math.ceil(width / 2);
  const sums = new Float64Array(across * Math.ceil(height / 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) sums[(y >> 1) * across + (x >> 1)]! += sobel(luma, width, height, x, y);
    if (y % BAND === 0) await setImmediate();
  }
  const columns = Math.floor(width / factor);
  const out = new Float32Array(columns * Math.floor(height / factor));
  for (let y = 0; y < factor * Math.floor(height / factor); y++)
    for (let x = 0; x < factor * columns; x++)
      out[Math.floor(y / factor) * columns + Math.floor(x / factor)]! +=
        (1 - Math.tanh(sums[(y >> 1) * across + (x >> 1)]!)) / factor ** 2;
  return out;
}
