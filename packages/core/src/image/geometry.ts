import { explain, InputError, UsageError } from '../errors.js';
import type { Image } from './contract.js';

/** In pixels; x to the right, y downwards, from the top left corner. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A copy of a part of the picture, alpha included. @throws InputError `IR_E_SIZE` where the part leaves the picture or is empty */
export function crop(image: Image, rect: Rect): Image {
  const { x, y, width, height } = rect;
  const whole = [x, y, width, height].every(Number.isSafeInteger);
  if (!whole || x < 0 || y < 0 || width < 1 || height < 1 || x + width > image.width || y + height > image.height) {
    throw new InputError(
      'IR_E_SIZE',
      explain({
        name: 'crop',
        expected: `a part of the ${image.width}x${image.height} picture, at least 1x1`,
        got: `${width}x${height} at (${x}, ${y})`,
      }),
    );
  }
  const cut = (planes: Float32Array, count: number) => {
    const out = new Float32Array(count * width * height);
    for (let c = 0, o = 0; c < count; c++) {
      for (let row = y; row < y + height; row++, o += width) {
        const from = (c * image.height + row) * image.width + x;
        out.set(planes.subarray(from, from + width), o);
      }
    }
    return out;
  };
  const data = cut(image.data, image.channels);
  return { ...image, width, height, data, ...(image.alpha ? { alpha: cut(image.alpha, 1) } : {}) };
}

/**
 * Cut at the right and at the bottom so that both sides are multiples of `multiple`; the same object where they are already.
 * @throws InputError `IR_E_SIZE` where a side is shorter than `multiple`
 */
export function cropToMultiple(image: Image, multiple: number): Image {
  if (!Number.isSafeInteger(multiple) || multiple < 1) {
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'multiple', expected: 'an integer of at least 1', got: String(multiple) }),
    );
  }
  const width = image.width - (image.width % multiple);
  const height = image.height - (image.height % multiple);
  if (width === image.width && height === image.height) return image;
  if (width === 0 || height === 0) {
    throw new InputError(
      'IR_E_SIZE',
      explain({
        name: 'image',
        expected: `sides of at least ${multiple} pixels`,
        got: `${image.width}x${image.height}`,
      }),
    );
  }
  return crop(image, { x: 0, y: 0, width, height });
}
