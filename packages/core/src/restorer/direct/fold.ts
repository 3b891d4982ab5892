import type { Image } from '../../image/contract.js';

/** Index folded by reflection without repeating the edge; any distance, a side of 1 is constant. */
export function reflect(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * n - 2;
  const j = ((i % period) + period) % period;
  return j < n ? j : period - j;
}

/** The picture's planes continued to `width` x `height` at the right and bottom by reflection. */
export function padPlanes(image: Image, width: number, height: number): Float32Array {
  if (width === image.width && height === image.height) return image.data;
  const out = new Float32Array(image.channels * width * height);
  for (let c = 0; c < image.channels; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * image.height + reflect(y, image.height)) * image.width;
      const to = (c * height + y) * width;
      out.set(image.data.subarray(from, from + image.width), to);
      for (let x = image.width; x < width; x++) out[to + x] = image.data[from + reflect(x, image.width)]!;
    }
  return out;
}
