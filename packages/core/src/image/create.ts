import { describeValue, explain, InputError } from '../errors.js';
import type { Image } from './contract.js';

const side = (value: number) => Number.isSafeInteger(value) && value >= 1;

/**
 * Refuses what is not a picture by the contract of `Image`: whole sides of at least 1, 1 or 3 channels, planes of the right
 * length. Values are not read: they are checked where that costs nothing, at encoding.
 * @throws InputError `IR_E_SIZE`
 */
export function assertImage(image: Image, name = 'image'): void {
  const { width, height, channels, data, alpha } = image;
  const refuse = (expected: string, got: unknown) => {
    throw new InputError('IR_E_SIZE', explain({ name, expected, got: describeValue(got) }));
  };
  if (!side(width)) refuse('a width of at least 1 pixel', width);
  if (!side(height)) refuse('a height of at least 1 pixel', height);
  if (channels !== 1 && channels !== 3) refuse('1 channel (grey) or 3 (RGB)', channels);
  if (data.length !== width * height * channels)
    refuse(`${width * height * channels} samples (${channels} planes of ${width}x${height})`, data);
  if (alpha && alpha.length !== width * height) refuse(`an alpha plane of ${width * height} samples`, alpha);
}

/** A picture of one value, by default black and 8-bit. */
export function blankImage(
  width: number,
  height: number,
  channels: 1 | 3 = 3,
  value = 0,
  depth: Image['depth'] = 8,
): Image {
  const image = { width, height, channels, depth, data: new Float32Array(width * height * channels).fill(value) };
  assertImage(image);
  return image;
}

/** Does the picture show all its pixels fully? An absent alpha plane is opaque. */
export function isOpaque(image: Image): boolean {
  return image.alpha === undefined || image.alpha.every((opacity) => opacity >= 1);
}

/** Refuses two pictures of different width or height. @throws InputError `IR_E_SIZE` */
export function assertSameSize(a: Image, b: Image, names: readonly [string, string] = ['reference', 'output']): void {
  if (a.width === b.width && a.height === b.height) return;
  throw new InputError(
    'IR_E_SIZE',
    explain({
      name: names[1],
      expected: `the size of ${names[0]}, ${a.width}x${a.height}`,
      got: `${b.width}x${b.height}`,
      fix: 'Crop or resize one of them first',
    }),
  );
}
