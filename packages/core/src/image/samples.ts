import { explain, InputError } from '../errors.js';
import type { Image } from './contract.js';
import { assertImage } from './create.js';

/** The largest integer sample of a depth. */
export const maxSample = (depth: 8 | 16): number => (depth === 16 ? 65535 : 255);

function refuseNotFinite(value: number, index: number, width: number, height: number): never {
  const plane = Math.floor(index / (width * height));
  const at = index % (width * height);
  throw new InputError(
    'IR_E_NOT_FINITE',
    explain({
      name: 'image',
      expected: 'finite samples',
      got: `${value} at x=${at % width}, y=${Math.floor(at / width)}, channel ${plane}`,
      fix: 'Look for a division by zero or an overflow in the step that made the picture',
    }),
  );
}

/** Row band of a plane to integers: clipped to [0, 1], scaled, rounded half up, written with a stride. */
export function quantiseRows(
  image: Pick<Image, 'width' | 'height'>,
  plane: Float32Array,
  planeOffset: number,
  out: Uint8Array | Uint16Array,
  outOffset: number,
  stride: number,
  [first, end]: readonly [number, number],
  scale: number,
): void {
  const { width, height } = image;
  for (let i = first * width; i < end * width; i++) {
    const value = plane[planeOffset + i]!;
    if (!(value - value === 0)) refuseNotFinite(value, planeOffset + i, width, height);
    out[outOffset + i * stride] = value <= 0 ? 0 : value >= 1 ? scale : Math.floor(value * scale + 0.5);
  }
}

/**
 * Interleaved 8-bit samples, `channels` a pixel, alpha left out: 255 x clipped to [0, 255], rounded half up. Exact for pictures of
 * depth 8. @throws InputError `IR_E_NOT_FINITE`
 */
export function toInterleavedU8(image: Image): Uint8Array {
  const out = new Uint8Array(image.data.length);
  const { channels, width, height } = image;
  for (let c = 0; c < channels; c++)
    quantiseRows(image, image.data, c * width * height, out, c, channels, [0, height], 255);
  return out;
}

/** A picture of depth 8 from interleaved samples: value k becomes k / 255. */
export function fromInterleavedU8(
  samples: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3,
  alpha?: Float32Array,
): Image {
  const count = width * height;
  const data = new Float32Array(count * channels);
  const image: Image = { width, height, channels, data, depth: 8, ...(alpha ? { alpha } : {}) };
  if (samples.length !== data.length) {
    throw new InputError(
      'IR_E_SIZE',
      explain({
        name: 'samples',
        expected: `${data.length} (${width}x${height}x${channels})`,
        got: String(samples.length),
      }),
    );
  }
  for (let c = 0; c < channels; c++)
    for (let i = 0, j = c; i < count; i++, j += channels) data[c * count + i] = samples[j]! / 255;
  assertImage(image);
  return image;
}

/**
 * The picture with samples (and alpha) on the grid of `depth`: clipped to [0, 1], rounded half up to multiples of 1/255 or
 * 1/65535. Depth 32 is only marked. Already there: the same object. @throws InputError `IR_E_NOT_FINITE`
 */
export function toDepth(image: Image, depth: Image['depth']): Image {
  if (image.depth === depth) return image;
  if (depth === 32) return { ...image, depth };
  const scale = maxSample(depth);
  const rounded = (plane: Float32Array) => {
    const out = new Float32Array(plane.length);
    for (let i = 0; i < plane.length; i++) {
      const value = plane[i]!;
      if (!(value - value === 0)) refuseNotFinite(value, i, image.width, image.height);
      out[i] = value <= 0 ? 0 : value >= 1 ? 1 : Math.floor(value * scale + 0.5) / scale;
    }
    return out;
  };
  const { alpha } = image;
  return { ...image, depth, data: rounded(image.data), ...(alpha ? { alpha: rounded(alpha) } : {}) };
}

/** RGB from grey by repeating the plane; RGB pictures are returned as they are. */
export function toRgb(image: Image): Image {
  if (image.channels === 3) return image;
  const count = image.width * image.height;
  const data = new Float32Array(count * 3);
  for (let c = 0; c < 3; c++) data.set(image.data, c * count);
  return { ...image, channels: 3, data };
}
