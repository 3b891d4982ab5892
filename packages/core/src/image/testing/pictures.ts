import { expect } from '@jest/globals';
import type { Image } from '../contract.js';

/** A small counter-free generator (mulberry32) for test data: the same seed gives the same picture. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A picture of random samples on the grid of its depth, the extremes among them. */
export function randomImage(
  seed: number,
  {
    width = 13,
    height = 9,
    channels = 3,
    depth = 8,
    alpha = false,
  }: Partial<Omit<Image, 'data' | 'alpha'>> & { alpha?: boolean } = {},
): Image {
  const next = random(seed);
  const levels = depth === 16 ? 65535 : 255;
  const sample = () => (depth === 32 ? Math.fround(next()) : Math.fround(Math.floor(next() * (levels + 1)) / levels));
  const data = Float32Array.from({ length: width * height * channels }, sample);
  data[0] = 0;
  data[data.length - 1] = 1;
  const image: Image = { width, height, channels, depth, data };
  return alpha ? { ...image, alpha: Float32Array.from({ length: width * height }, sample) } : image;
}

/** Largest difference of two pictures, which have to be of one shape. */
export function worst(a: Image, b: Image): number {
  expect([b.width, b.height, b.channels]).toEqual([a.width, a.height, a.channels]);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}
