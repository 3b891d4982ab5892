import type { Image } from '@ir/core';

// Functions of a global object are dear in the realms of the test runner.
const { floor, fround, max, min, round, sin } = Math;

/** A small generator (xorshift32) for test data: the same seed gives the same numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

const onGrid = (value: number, depth: Image['depth']): number => {
  const clipped = min(1, max(0, value));
  const levels = depth === 16 ? 65535 : 255;
  return depth === 32 ? fround(clipped) : fround(round(clipped * levels) / levels);
};

export interface Shape {
  readonly width: number;
  readonly height: number;
  readonly channels?: 1 | 3;
  readonly depth?: Image['depth'];
}

/** Smooth waves with some noise: structure for windows to see. */
export function wavyImage(seed: number, { width, height, channels = 3, depth = 8 }: Shape): Image {
  const next = random(seed);
  const waves = Array.from({ length: 4 }, () => [next(), next(), 6 * next()] as const);
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [i % width, floor(i / width) % height, floor(i / (width * height))];
    const wave = waves.reduce((sum, [u, v, p]) => sum + sin(u * x + v * y + p * (c + 1)), 0);
    data[i] = onGrid(0.5 + 0.11 * wave + 0.1 * (next() - 0.5), depth);
  }
  return { width, height, channels, depth, data };
}

/** The same picture with noise of the given strength (of 1), on its own grid. */
export function noisy(image: Image, seed: number, strength = 0.1): Image {
  const next = random(seed);
  return { ...image, data: image.data.map((value) => onGrid(value + strength * (2 * next() - 1), image.depth)) };
}

export function flatImage(value: number, { width, height, channels = 3, depth = 8 }: Shape): Image {
  return {
    width,
    height,
    channels,
    depth,
    data: new Float32Array(width * height * channels).fill(onGrid(value, depth)),
  };
}
