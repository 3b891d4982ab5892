import { crop as cut, type EncoderManifest, type Image, type MetricSettings, resampleImage } from '@ir/core';
import { viewOf } from '../learned/distance.js';

export type AlignSize = NonNullable<MetricSettings['alignSize']>;

const SIDE = 224;
const SHORT = 256;

/** How a size stands in an identity. */
export const SIZE_WORDS: Readonly<Record<AlignSize, string>> = {
  native: 'native',
  crop224: 'crop224',
  tiles: 'tiles',
};

/** Starts of tiles of `side` that cover 0 .. length, the last one ending with it, spread evenly. */
function starts(length: number, side: number): number[] {
  const count = Math.ceil(length / side);
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * (length - side)) / (count - 1))));
}

/**
 * What an encoder is shown of a picture that is cropped already; undefined where it is too small for that.
 * `native`: all of it, cut at the right and bottom to the encoder's multiple. `crop224`: reduced or enlarged to a shorter side of 256 by bicubic, then
 * the middle 224x224. `tiles`: tiles of 224x224 that cover it, overlapping evenly.
 */
export async function viewsOf(
  image: Image,
  size: AlignSize,
  { multiple, smallest, input }: EncoderManifest,
  signal?: AbortSignal,
): Promise<readonly Image[] | undefined> {
  const short = Math.min(image.width, image.height);
  const fixed = [input.shape[3], input.shape[2]];
  if (size === 'native') {
    if (short < Math.max(multiple, smallest)) return undefined;
    const view = viewOf(image, 0, multiple);
    const fits = [view.width, view.height].every((side, i) => typeof fixed[i] !== 'number' || fixed[i] === side);
    return fits ? [view] : undefined;
  }
  if (size === 'tiles') {
    if (short < SIDE) return undefined;
    const [xs, ys] = [starts(image.width, SIDE), starts(image.height, SIDE)];
    return ys.flatMap((y) => xs.map((x) => cut(image, { x, y, width: SIDE, height: SIDE })));
  }
  const side = (full: number) => (full === short ? SHORT : Math.floor((full * SHORT) / short));
  const [width, height] = [side(image.width), side(image.height)];
  const whole = await resampleImage({ ...image, depth: 8 }, width, height, signal ? { signal } : {});
  const [x, y] = [Math.round((width - SIDE) / 2), Math.round((height - SIDE) / 2)];
  return [cut(whole, { x, y, width: SIDE, height: SIDE })];
}
