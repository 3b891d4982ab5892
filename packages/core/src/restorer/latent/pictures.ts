import type { Image } from '../../image/contract.js';
import { padPlanes } from '../direct/fold.js';
import { cropGrid, type Grid } from './grid.js';

/** The picture with three channels and without its alpha plane. */
export function rgbOf({ width, height, channels, data, depth }: Image): Image {
  const planes = channels === 3 ? data : new Float32Array(3 * data.length);
  if (channels === 1) for (let c = 0; c < 3; c++) planes.set(data, c * data.length);
  return { width, height, channels: 3, data: planes, depth };
}

/** Continued at the right and bottom, by reflection or with black. */
export function padTo(image: Image, width: number, height: number, how: 'reflect' | 'zero'): Image {
  if (width === image.width && height === image.height) return image;
  if (how === 'reflect') return { ...image, width, height, data: padPlanes(image, width, height) };
  const data = new Float32Array(image.channels * width * height);
  for (let c = 0; c < image.channels; c++)
    for (let y = 0; y < image.height; y++) {
      const from = (c * image.height + y) * image.width;
      data.set(image.data.subarray(from, from + image.width), (c * height + y) * width);
    }
  return { ...image, width, height, data };
}

export const cutTo = (grid: Grid, width: number, height: number): Grid =>
  cropGrid(grid, { left: 0, top: 0, width, height });

/** An RGB grid clipped to [0, 1] as a picture like `like`: grey by BT.601 luma where that is grey, with its alpha. */
export function toImage({ data, width, height }: Grid, { channels, alpha }: Pick<Image, 'channels' | 'alpha'>): Image {
  const n = width * height;
  const clip = (v: number) => (v < 0 ? 0 : v > 1 ? 1 : v);
  const out = new Float32Array(channels * n);
  if (channels === 3) for (let i = 0; i < out.length; i++) out[i] = clip(data[i]!);
  else for (let i = 0; i < n; i++) out[i] = clip(0.299 * data[i]! + 0.587 * data[n + i]! + 0.114 * data[2 * n + i]!);
  return { width, height, channels, data: out, depth: 32, ...(alpha ? { alpha } : {}) };
}
