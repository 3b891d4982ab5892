import { type DeviceBuffer, load } from './addon.js';
import { IrNativeError } from './errors-native.js';
import type { ExecOptions } from './options.js';
import { type DeviceRaster, isHostData, isSound, type Raster, rasterLike, samplesOf } from './raster.js';
import { runKernel } from './run.js';

/** reflect-101 `c b|a b c|b a`, symmetric `b a|a b c|c b`, replicate `a a|a b c|c c`. */
export type Border = 'reflect-101' | 'symmetric' | 'replicate';
/** cubic: MATLAB (Keys, a = -0.5); cubic-opencv: a = -0.75, never antialiased, border replicate. */
export type ResampleFilter = 'cubic' | 'linear' | 'box' | 'lanczos3' | 'cubic-opencv';
/** A seed: a safe integer >= 0 or a BigInt below 2^64. */
export type Seed = number | bigint;

type AnyRaster = Raster | DeviceRaster;
/** Receives the result (`dst` in messages); made where absent. */
type Out<R> = { readonly out?: R };

/** Drops what is absent, so that the addon's own defaults apply. */
function given<T extends object>(args: T): T {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as T;
}

/** By which `auto` chooses a backend. */
const sizeOf = (r: AnyRaster): number => (isSound(r) ? samplesOf(r) : 0);

/** The picture that the kernel writes. For an unsound `src` there is none, and the addon, which reads `src` first, says why. */
function resultOf<R extends AnyRaster>(src: R, out: R | undefined, width = src?.width, height = src?.height): R {
  if (out || !isSound(src)) return out as R;
  if (isHostData(src.data)) return rasterLike(src as Raster, width, height) as R;
  if (src.data instanceof load().addon.DeviceBuffer)
    throw new IrNativeError('IR_E_ARGUMENT', 'expected `out` for a picture on the device');
  return src;
}

export interface GaussianBlurOptions {
  /** Standard deviation in pixels, 0.1..50. */
  readonly sigma: number;
  /** Odd number of taps; default the smallest odd >= 6 sigma + 1. */
  readonly size?: number;
  readonly border?: Border;
  readonly method?: 'auto' | 'direct';
}

/** Sampled Gaussian, truncated and renormalised (Eq. 1's D). `out` may be `src`. @throws IrNativeError IR_E_ARGUMENT, IR_E_SHAPE, IR_E_ALIAS */
export async function gaussianBlur<R extends AnyRaster>(
  src: R,
  { out, ...options }: GaussianBlurOptions & Out<R>,
  exec?: ExecOptions,
): Promise<R> {
  const dst = resultOf(src, out);
  await runKernel('gaussianBlur', given({ src, dst, ...options }), sizeOf(src), exec);
  return dst;
}

export interface ResampleOptions {
  /** Size of the result. Default: ceil(side * scale). */
  readonly width?: number;
  readonly height?: number;
  /** Output side / input side; fixes the sampling grid. Default: from the sizes. */
  readonly scaleX?: number;
  readonly scaleY?: number;
  readonly filter?: ResampleFilter;
  readonly antialias?: boolean;
  readonly border?: Border;
}

type Size = Record<'width' | 'height' | 'scaleX' | 'scaleY', number | undefined>;

/** Sizes and scales of a resize, each from the other where one is missing. MATLAB's output size is ceil(n * s). */
function targetOf(src: AnyRaster, out: AnyRaster | undefined, { width, height, scaleX, scaleY }: Size) {
  const across = along(src?.width, width ?? out?.width, scaleX, 'width or scaleX');
  const down = along(src?.height, height ?? out?.height, scaleY, 'height or scaleY');
  return { width: across.side, height: down.side, scale: { scaleX: across.scale, scaleY: down.scale } };
}

function along(n: number, side: number | undefined, scale: number | undefined, wanted: string) {
  if (side === undefined && scale === undefined)
    throw new IrNativeError('IR_E_ARGUMENT', `expected ${wanted} for the size of the result, got neither`);
  const m = side ?? Math.ceil(n * (scale as number) - 1e-9);
  return { side: m, scale: scale ?? m / n };
}

/** Resampling by free factors, antialiased when reducing (MATLAB's imresize by default). @throws IrNativeError IR_E_ARGUMENT, IR_E_SHAPE */
export async function resample<R extends AnyRaster>(
  src: R,
  { out, ...options }: ResampleOptions & Out<R>,
  exec?: ExecOptions,
): Promise<R> {
  const { width, height, scaleX, scaleY, ...rest } = options;
  const target = targetOf(src, out, { width, height, scaleX, scaleY });
  const dst = resultOf(src, out, target.width, target.height);
  await runKernel('resample', given({ ...rest, src, dst, ...target.scale }), sizeOf(src), exec);
  return dst;
}

export interface DegradeOptions extends Omit<ResampleOptions, 'border' | 'filter'> {
  readonly sigma: number;
  readonly size?: number;
  readonly blurBorder?: Border;
  readonly filter?: Exclude<ResampleFilter, 'cubic-opencv'>;
  readonly resampleBorder?: Border;
}

/** Blur and reduction in one pass (Eq. 1 without noise), equal to the two steps with nothing rounded in between. */
export async function degrade<R extends AnyRaster>(
  src: R,
  { out, ...options }: DegradeOptions & Out<R>,
  exec?: ExecOptions,
): Promise<R> {
  const { width, height, scaleX, scaleY, ...rest } = options;
  const target = targetOf(src, out, { width, height, scaleX, scaleY });
  const dst = resultOf(src, out, target.width, target.height);
  await runKernel('degrade', given({ ...rest, src, dst, ...target.scale }), sizeOf(src), exec);
  return dst;
}

export interface NoisePosition {
  readonly seed: Seed;
  /** 32 bits that tell one field of noise from another (picture and purpose). */
  readonly stream?: number;
  /** Sampling step; 0 for degradation. */
  readonly step?: number;
}

export type AddNoiseOptions = NoisePosition & {
  /** One plane of noise for all channels. */
  readonly grey?: boolean;
  /** Limit to [0, 1]; default true. */
  readonly clip?: boolean;
  /** Size of the whole picture and the tile's place in it; default: the raster is the whole picture. */
  readonly pictureWidth?: number;
  readonly pictureHeight?: number;
  readonly offsetX?: number;
  readonly offsetY?: number;
} & (
    | { readonly kind: 'gaussian' /** In units of value 1.0. */; readonly sigma: number }
    | { readonly kind: 'poisson' /** Counts at value 1.0. */; readonly peak: number }
  );

/** Gaussian or Poisson noise as a function of (seed, stream, step, position in the whole picture). `out` may be `src`. */
export async function addNoise<R extends AnyRaster>(
  src: R,
  { out, ...options }: AddNoiseOptions & Out<R>,
  exec?: ExecOptions,
): Promise<R> {
  const dst = resultOf(src, out);
  await runKernel('addNoise', given({ src, dst, ...options }), sizeOf(src), exec);
  return dst;
}

/** Fills `out` with standard normals for positions `offset` .. `offset + out.length - 1`. */
export async function normalField(
  { out, ...options }: NoisePosition & { readonly out: Float32Array; readonly offset?: Seed },
  exec?: ExecOptions,
): Promise<Float32Array> {
  await runKernel('normalField', given({ dst: out, ...options }), out?.length ?? 0, exec);
  return out;
}

/** Philox 4x32-10's four output words for counter words (low, high) and key `seed`. */
export async function philoxWords(seed: Seed, low: Seed, high: Seed): Promise<Uint32Array> {
  const words = new Float64Array(4);
  await runKernel('philoxWords', { words, seed, low, high }, 4, { backend: 'cpu' });
  return Uint32Array.from(words);
}

type Vector = Float32Array | DeviceBuffer;

/**
 * Operands of the fused step: `m = mu + s (m - mu)`, `x0 = c z + d m` (clipped to [-r, r] if r > 0), `out = a z + b m + q x0 + g h + sigma n`.
 * Unused operands are left out. Without `n`, sigma != 0 makes the noise from (seed, stream, step, offset + index).
 */
export interface DenoiseStepArgs extends Partial<NoisePosition> {
  readonly z: Vector;
  readonly m?: Vector;
  readonly mu?: Vector;
  readonly h?: Vector;
  readonly n?: Vector;
  /** May be any of the inputs. */
  readonly out: Vector;
  /** Receives the predicted clean sample. */
  readonly x0?: Vector;
  readonly a: number;
  readonly b?: number;
  readonly c?: number;
  readonly d?: number;
  readonly g?: number;
  readonly q?: number;
  readonly r?: number;
  readonly s?: number;
  readonly sigma?: number;
  readonly offset?: Seed;
}

/** The one fused step behind every sampler (Eq. 10 in its general form), one pass over memory. */
export async function denoiseStep<V extends Vector>(
  args: DenoiseStepArgs & { readonly out: V },
  exec?: ExecOptions,
): Promise<V> {
  await runKernel('denoiseStep', given(args), args.z instanceof Float32Array ? args.z.length : 0, exec);
  return args.out;
}

/** Planes compared: channels, or one luma (definitions in docs/conventions.md). */
export type Colour = 'rgb' | 'y-studio' | 'y-studio-rounded' | 'y-full-rounded' | 'gray-rounded' | 'gray601-rounded';

/** What float samples are multiples of 1 / of: 255 or 65535 for pictures of 8 or 16 bits, whose whole numbers are then recovered; 0: free. */
export type Levels = 0 | 255 | 65535;

export interface CompareOptions {
  readonly colour?: Colour;
  /** SSIM's window: 11x11 Gaussian sigma 1.5 with population moments, or 7x7 equal weights with sample moments (scikit-image). */
  readonly window?: 'gauss11' | 'uniform7';
  /** Windows inside the picture, or one per pixel with zeros or the edge's samples beyond it. */
  readonly border?: 'valid' | 'same' | 'replicate';
  readonly crop?: number;
  /** Default true; false leaves `ssim` and `contrast` NaN and takes pictures of any size. */
  readonly ssim?: boolean;
  /** Limits the contrast term to >= 0 (pyiqa). */
  readonly clampContrast?: boolean;
  /** The channels are a third dimension of the window, as in MATLAB's ssim of an RGB array; with rgb, gauss11 and replicate. */
  readonly volume?: boolean;
  /** Of float samples; bytes need none. */
  readonly referenceLevels?: Levels;
  readonly imageLevels?: Levels;
}

/** Per plane, on the 0..255 scale. */
export interface Comparison {
  readonly mse: Float64Array;
  readonly ssim: Float64Array;
  readonly contrast: Float64Array;
}

/** Mean squared error and SSIM (Wang et al. 2004) in one pass. @throws IrNativeError IR_E_SHAPE for sizes that differ or are below the window's */
export async function compare(
  reference: AnyRaster,
  image: AnyRaster,
  options: CompareOptions = {},
  exec?: ExecOptions,
): Promise<Comparison> {
  const [comparison] = await compareScales(reference, image, 1, options, exec);
  return comparison!;
}

/** `compare` at up to 5 scales, each half the one before by means of 2x2 samples (a zero first where a side is odd), as MS-SSIM takes them. */
export async function compareScales(
  reference: AnyRaster,
  image: AnyRaster,
  scales: number,
  options: CompareOptions = {},
  exec?: ExecOptions,
): Promise<Comparison[]> {
  const planes = (options.colour ?? 'rgb') === 'rgb' ? reference.channels : 1;
  const results = new Float64Array(3 * planes * scales);
  await runKernel('compare', given({ reference, image, results, scales, ...options }), samplesOf(reference), exec);
  return Array.from({ length: scales }, (_, scale) => {
    const [mse, ssim, contrast] = [0, 1, 2].map((k) =>
      results.slice((3 * scale + k) * planes, (3 * scale + k + 1) * planes),
    );
    return { mse: mse!, ssim: ssim!, contrast: contrast! };
  });
}

export interface NiqeFeatures {
  /** Blocks of 96x96, row-major, 36 features each; NaN where a block is flat. */
  readonly features: Float64Array;
  readonly blocks: number;
}

/** NIQE's features; see docs/conventions.md. @throws IrNativeError IR_E_SHAPE where not one block fits */
export async function niqeFeatures(
  image: AnyRaster,
  options: { readonly colour?: Exclude<Colour, 'rgb'>; readonly crop?: number; readonly levels?: Levels } = {},
  exec?: ExecOptions,
): Promise<NiqeFeatures> {
  const crop = options.crop ?? 0;
  const along = (side: number) => Math.max(0, Math.floor((side - 2 * crop) / 96)) || 0;
  const blocks = isSound(image) ? along(image.width) * along(image.height) : 0;
  const features = new Float64Array(36 * blocks);
  await runKernel('niqeFeatures', given({ image, features, ...options }), sizeOf(image), exec);
  return { features, blocks };
}
