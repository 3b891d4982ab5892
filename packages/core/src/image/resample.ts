import { type ExecOptions, type Raster, resample } from '@ir/native';
import type { Border, ResampleFilter } from '../degradation/contract.js';
import { explain, UsageError } from '../errors.js';
import type { Image } from './contract.js';
import { assertImage } from './create.js';
import { fromInterleavedU8, toDepth, toInterleavedU8 } from './samples.js';

export interface ResampleOptions extends ExecOptions {
  /** Default `cubic`: MATLAB's bicubic. */
  readonly filter?: ResampleFilter;
  /** Default true; `cubic-opencv` has none. */
  readonly antialias?: boolean;
  /** Default `symmetric`, and `replicate` for `cubic-opencv`. */
  readonly border?: Border;
  /** Factors output / input that fix the grid; default the ratio of the sides. MATLAB's imresize by a factor rounds sides up and keeps it. */
  readonly scaleX?: number;
  readonly scaleY?: number;
}

/**
 * The picture at another size: MATLAB's imresize by default. A picture of depth 8 is rounded half up to 8 bit, from the exact sums of its
 * integer samples; of depth 16 to 16 bit; of depth 32 not at all, nor clipped. Colour is scaled without regard to alpha; an alpha plane is
 * scaled alike and clipped to [0, 1].
 */
export async function resampleImage(
  image: Image,
  width: number,
  height: number,
  options: ResampleOptions = {},
): Promise<Image> {
  assertImage(image);
  const {
    filter = 'cubic',
    scaleX = width / image.width,
    scaleY = height / image.height,
    antialias: _,
    border: __,
    ...exec
  } = options;
  const opencv = filter === 'cubic-opencv';
  const settings = {
    scaleX,
    scaleY,
    filter,
    antialias: options.antialias ?? !opencv,
    border: options.border ?? (opencv ? 'replicate' : 'symmetric'),
  } as const;
  const run = async <D extends Float32Array | Uint8Array>(data: D, channels: number, empty: D): Promise<D> => {
    const src = { data, width: image.width, height: image.height, channels } as Raster;
    await resample(src, { out: { data: empty, width, height, channels } as Raster, ...settings }, exec);
    return empty;
  };
  const count = width * height;
  const { channels, alpha, depth } = image;
  const scaledAlpha = alpha && clipped(await run(alpha, 1, new Float32Array(count)));
  if (depth === 8) {
    const samples = await run(toInterleavedU8(image), channels, new Uint8Array(count * channels));
    return fromInterleavedU8(samples, width, height, channels, scaledAlpha && onGrid(scaledAlpha, width, height));
  }
  const data = await run(image.data, channels, new Float32Array(count * channels));
  return toDepth({ width, height, channels, data, depth: 32, ...(scaledAlpha ? { alpha: scaledAlpha } : {}) }, depth);
}

const clipped = (plane: Float32Array) => plane.map((value) => Math.min(1, Math.max(0, value)));
const onGrid = (plane: Float32Array, width: number, height: number) =>
  toDepth({ width, height, channels: 1, depth: 32, data: plane }, 8).data;

/** The picture reduced so that its longer side is at most `side`, and how: part of a study cell's key. */
export interface Reduced {
  readonly image: Image;
  /** `native`, or e.g. `long-side[768,cubic,aa,border=symmetric,round8]`. */
  readonly identity: string;
}

/**
 * Reduced by MATLAB bicubic (antialiased) to a longer side of `side` pixels, the other side rounded to the nearest whole pixel; never
 * enlarged. Keeps the picture's depth. @throws UsageError `IR_E_USAGE` for a side that is no integer of at least 1
 */
export async function reduceToLongSide(image: Image, side: number, options: ExecOptions = {}): Promise<Reduced> {
  if (!Number.isSafeInteger(side) || side < 1) {
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'long side', expected: 'an integer of at least 1', got: String(side) }),
    );
  }
  const long = Math.max(image.width, image.height);
  const rounding = image.depth === 32 ? 'float' : `round${image.depth}`;
  const identity = `long-side[${side},cubic,aa,border=symmetric,${rounding}]`;
  if (long <= side) return { image, identity: 'native' };
  const length = (full: number) => Math.max(1, Math.round((full * side) / long));
  return { image: await resampleImage(image, length(image.width), length(image.height), options), identity };
}
