import type { Image } from '../image/contract.js';
import { cropToMultiple } from '../image/geometry.js';
import { resampleImage } from '../image/resample.js';
import type { Degradation } from './contract.js';
import { scaleOf } from './defaults.js';
import { type DegradeOptions, degrade } from './degrade.js';

/** How pictures of another size are brought up to the original's: named, since it changes every number that follows. */
export const UPSCALE_IDENTITY = 'up[cubic,border=symmetric,round8]';

/** What is compared with what in a restoration task. */
export interface Comparable {
  /** I_x: the original, cut at the right and bottom to a multiple of the scale. */
  readonly reference: Image;
  /** I_y: what the degradation gives; smaller than the reference for super-resolution. */
  readonly degraded: Image;
  /** I_y brought up to the reference's size by MATLAB bicubic, 8-bit: input of restorers of scale 1 and the row "degraded". */
  readonly comparable: Image;
}

/**
 * The super-resolution protocol: the original is cut to a multiple of the scale, so that sizes always agree; degraded; and the result is
 * brought up again by MATLAB bicubic, rounded to 8 bit. Without reduction `comparable` is `degraded` itself. A scale that is not a whole
 * number cuts nothing.
 */
export async function comparable(
  original: Image,
  degradation: Degradation,
  options: DegradeOptions = {},
): Promise<Comparable> {
  const scale = scaleOf(degradation);
  const reference = Number.isInteger(scale) ? cropToMultiple(original, scale) : original;
  const degraded = await degrade(reference, degradation, options);
  return { reference, degraded, comparable: await bringToSize(degraded, reference.width, reference.height, options) };
}

/** Any picture at the given size by MATLAB bicubic, 8-bit; the same object where the size is right already. */
export async function bringToSize(
  image: Image,
  width: number,
  height: number,
  options: DegradeOptions = {},
): Promise<Image> {
  if (image.width === width && image.height === height) return image;
  const { exec = {}, signal } = options;
  return resampleImage({ ...image, depth: 8 }, width, height, { ...exec, ...(signal ? { signal } : {}) });
}
