import { assertImage, assertSameSize, type Image, InputError, isOpaque, toInterleavedU8, toRgb } from '@ir/core';
import type { Raster } from '@ir/native';

/** Refuses what metrics are not defined for: pictures with transparency. @throws InputError `IR_E_FORMAT` */
export function assertOpaque(image: Image, name: string): void {
  assertImage(image, name);
  if (!isOpaque(image))
    throw new InputError(
      'IR_E_FORMAT',
      `expected an opaque picture for ${name}, got one with transparency; flatten it onto a background first`,
    );
}

/** Two pictures in one shape: same size, both opaque, grey repeated where the other has colour. @throws InputError `IR_E_SIZE`, `IR_E_FORMAT` */
export function pairOf(reference: Image, image: Image): readonly [Image, Image] {
  assertOpaque(reference, 'reference');
  assertOpaque(image, 'output');
  assertSameSize(reference, image);
  return reference.channels === image.channels ? [reference, image] : [toRgb(reference), toRgb(image)];
}

export const isFiniteImage = (image: Image): boolean => image.depth !== 32 || image.data.every(Number.isFinite);

/** For the kernels: exact bytes where every picture has 8 bits, else float samples in their own precision. */
export function rastersOf(...images: readonly Image[]): Raster[] {
  const bytes = images.every((image) => image.depth === 8);
  return images.map((image) => {
    const { width, height, channels } = image;
    return bytes
      ? { data: toInterleavedU8(image), width, height, channels }
      : { data: image.data, width, height, channels };
  });
}

/** Sides left after `crop` pixels are taken off everywhere. */
export const sidesAfter = ({ width, height }: Image, crop: number): readonly [number, number] => [
  width - 2 * crop,
  height - 2 * crop,
];
