import type { Image } from '@ir/core';

export interface PhotoOptions {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: 1 | 3;
  readonly depth?: 8 | 16;
  readonly alpha?: boolean;
}

/** A picture with what photographs have: slow shading, edges, texture and a little grain; the same for the same seed. */
export function photo(
  seed: number,
  { width = 64, height = 48, channels = 3, depth = 8, alpha = false }: PhotoOptions = {},
): Image {
  const levels = depth === 16 ? 65535 : 255;
  const data = new Float32Array(width * height * channels);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const shade = 0.45 + 0.25 * Math.sin((x + seed * 7) / 19 + c) * Math.cos(y / 23 + seed);
        const edge = (x + 2 * y + seed * 11) % 37 < 18 ? 0.12 : -0.08;
        const texture = 0.06 * Math.sin(x * 1.3) * Math.sin(y * 1.1 + seed);
        const grain = (((x * 73 + y * 151 + c * 211 + seed * 31) % 101) / 100 - 0.5) * 0.04;
        const value = Math.min(1, Math.max(0, shade + edge + texture + grain));
        data[(c * height + y) * width + x] = Math.round(value * levels) / levels;
      }
  const image: Image = { width, height, channels, depth, data };
  if (!alpha) return image;
  return { ...image, alpha: Float32Array.from({ length: width * height }, (_, i) => ((i * 7) % 256) / 255) };
}
