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
  const across = luma[up + left]! - luma[up + right]! + luma[down + left]! - luma[down + right]!;
  const along = luma[up + left]! - luma[down + left]! + luma[up + right]! - luma[down + right]!;
  return Math.hypot(
    across + 2 * (luma[middle + left]! - luma[middle + right]!),
    along + 2 * (luma[up + x]! - luma[down + x]!),
  );
}

/**
 * How much restoration guidance counts at each place of the latent grid: w = 1 - tanh(sum of Sobel magnitudes over a block of 2x2 pixels) of
 * I_reg, so that flat parts are held and edges are left free; averaged over the `factor` x `factor` pixels of a sample of the latent.
 */
export function flatness(image: Image, factor: number): Float32Array {
  const { width, height } = image;
  const luma = lumaOf(image);
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const blocks = new Float64Array(half.width * half.height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) blocks[(y >> 1) * half.width + (x >> 1)]! += sobel(luma, width, height, x, y);
  const out = new Float32Array(Math.floor(width / factor) * Math.floor(height / factor));
  const columns = Math.floor(width / factor);
  out.forEach((_, i) => {
    const [left, top] = [(i % columns) * factor, Math.floor(i / columns) * factor];
    let sum = 0;
    for (let y = top; y < top + factor; y++)
      for (let x = left; x < left + factor; x++) sum += 1 - Math.tanh(blocks[(y >> 1) * half.width + (x >> 1)]!);
    out[i] = sum / factor ** 2;
  });
  return out;
}
