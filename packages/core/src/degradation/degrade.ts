import { addNoise, degrade as blurAndReduce, type ExecOptions, gaussianBlur, type Raster, resample } from '@ir/native';
import sharp from 'sharp';
import { describeValue, explain, UsageError } from '../errors.js';
import type { Image } from '../image/contract.js';
import { assertImage } from '../image/create.js';
import { imageHash } from '../image/hash.js';
import { fromInterleavedU8, toDepth, toInterleavedU8 } from '../image/samples.js';
import type { CallOptions } from '../progress.js';
import type {
  BlurStep,
  Degradation,
  DegradationStep,
  DownStep,
  GaussianNoiseStep,
  JpegStep,
  PoissonNoiseStep,
} from './contract.js';
import { resolveBlur, resolveDown } from './defaults.js';
import { streamOfHash } from './stream.js';

export interface DegradeOptions extends CallOptions {
  /** Seed of the noise, default 0: a safe integer from 0, or a BigInt of up to 64 bits. */
  readonly seed?: number | bigint;
  /** Hash of the picture that the noise belongs to (`imageHash`); default that of `image`. */
  readonly sourceHash?: string;
  /** Threads, variant, backend and `onRan` of the kernels. */
  readonly exec?: Omit<ExecOptions, 'signal'>;
}

/** The picture between two steps, in the form it is exact in: integers while nothing but whole levels has been seen. */
type Samples = { readonly width: number; readonly height: number; readonly channels: 1 | 3 } & (
  | { readonly u8: Uint8Array; readonly f32?: undefined }
  | { readonly f32: Float32Array; readonly u8?: undefined }
);

interface Run {
  readonly kernel: ExecOptions;
  readonly seed: bigint;
  readonly hash: () => Promise<string>;
  /** Noise steps met so far. */
  noises: number;
}

type NoiseStep = GaussianNoiseStep | PoissonNoiseStep;
type Work = { readonly phase: string; readonly run: (from: Samples, last8: boolean, run: Run) => Promise<Samples> };

function asF32(samples: Samples): Float32Array {
  if (samples.f32) return samples.f32;
  const { width, height, channels } = samples;
  return fromInterleavedU8(samples.u8, width, height, channels).data;
}

function asU8(samples: Samples): Uint8Array {
  if (samples.u8) return samples.u8;
  const { width, height, channels, f32 } = samples;
  return toInterleavedU8({ width, height, channels, data: f32, depth: 32 });
}

/**
 * Operands of one kernel call. From whole levels straight to the final rounding the integer kernel runs, which rounds the exact sum; in every
 * other case float, unrounded.
 */
function operands(from: Samples, width: number, height: number, last8: boolean) {
  const { channels } = from;
  const count = width * height * channels;
  const integer = last8 && from.u8 !== undefined;
  const data = integer ? from.u8 : asF32(from);
  const result = integer ? new Uint8Array(count) : new Float32Array(count);
  return {
    src: { data, width: from.width, height: from.height, channels } as Raster,
    out: { data: result, width, height, channels } as Raster,
    result: (integer ? { width, height, channels, u8: result } : { width, height, channels, f32: result }) as Samples,
  };
}

const reduced = (side: number, scale: number) => Math.ceil(side / scale - 1e-9);

function blurWork(step: BlurStep): Work {
  const { sigma, size, border } = resolveBlur(step);
  return {
    phase: 'blur',
    async run(from, last8, { kernel }) {
      const { src, out, result } = operands(from, from.width, from.height, last8);
      await gaussianBlur(src, { out, sigma, size, border }, kernel);
      return result;
    },
  };
}

function downWork(step: DownStep): Work {
  const { scale, filter, antialias, border } = resolveDown(step);
  return {
    phase: 'down',
    async run(from, last8, { kernel }) {
      const { src, out, result } = operands(from, reduced(from.width, scale), reduced(from.height, scale), last8);
      await resample(src, { out, scaleX: 1 / scale, scaleY: 1 / scale, filter, antialias, border }, kernel);
      return result;
    },
  };
}

/** A blur straight before a reduction: nothing is rounded in between, so one kernel does both where it knows the filter. */
function blurDownWork(blur: BlurStep, down: DownStep): Work | undefined {
  const { sigma, size, border: blurBorder } = resolveBlur(blur);
  const { scale, filter, antialias, border: resampleBorder } = resolveDown(down);
  if (filter === 'cubic-opencv') return undefined;
  return {
    phase: 'blur and down',
    async run(from, last8, { kernel }) {
      const { src, out, result } = operands(from, reduced(from.width, scale), reduced(from.height, scale), last8);
      const grid = { scaleX: 1 / scale, scaleY: 1 / scale, filter, antialias, resampleBorder };
      await blurAndReduce(src, { out, sigma, size, blurBorder, ...grid }, kernel);
      return result;
    },
  };
}

function noiseWork(step: NoiseStep): Work {
  const law =
    step.distribution === 'gaussian'
      ? ({ kind: 'gaussian', sigma: step.sigma / 255 } as const)
      : ({ kind: 'poisson', peak: step.peak } as const);
  return {
    phase: 'noise',
    async run(from, last8, run) {
      const stream = streamOfHash(await run.hash(), `degradation/noise/${run.noises++}`);
      const { src, out, result } = operands(from, from.width, from.height, last8);
      await addNoise(src, { out, ...law, grey: step.grey ?? false, seed: run.seed, stream }, run.kernel);
      return result;
    },
  };
}

function jpegWork({ quality }: JpegStep): Work {
  return {
    phase: 'jpeg',
    async run(from) {
      const { width, height, channels } = from;
      const bytes = await sharp(asU8(from), { raw: { width, height, channels } })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .jpeg({ quality, chromaSubsampling: '4:2:0', mozjpeg: false })
        .toBuffer();
      const u8 = await sharp(bytes, { ignoreIcc: true })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer();
      return { width, height, channels, u8: new Uint8Array(u8) };
    },
  };
}

function planWork(steps: readonly DegradationStep[]): Work[] {
  const work: Work[] = [];
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const next = steps[i + 1];
    const fused = step.kind === 'blur' && next?.kind === 'down' ? blurDownWork(step, next) : undefined;
    if (fused) {
      work.push(fused);
      i++;
    } else if (step.kind === 'blur') work.push(blurWork(step));
    else if (step.kind === 'down') work.push(downWork(step));
    else if (step.kind === 'noise') work.push(noiseWork(step));
    else work.push(jpegWork(step));
  }
  return work;
}

/** An alpha plane takes part in what changes the size, nothing else. */
async function reduceAlpha(
  image: Image,
  steps: readonly DegradationStep[],
  kernel: ExecOptions,
): Promise<Float32Array | undefined> {
  let plane: Samples | undefined = image.alpha && {
    width: image.width,
    height: image.height,
    channels: 1,
    f32: image.alpha,
  };
  for (const step of steps) {
    if (plane && step.kind === 'down')
      plane = await downWork(step).run(plane, false, { kernel, seed: 0n, hash: async () => '', noises: 0 });
  }
  return plane?.f32;
}

/**
 * Eq. 1, I_y = D(I_x; delta) reduced by alpha, + beta N: the steps in order, nothing rounded in between (but for JPEG, which takes and gives
 * 8-bit samples), noise clipped to [0, 1], the result rounded half up to `depth` bits (32: left as it is). Each `down` makes a side
 * ceil(side / scale). Noise is a function of seed, picture, step and position alone: Philox 4x32-10 with the streams of `noiseStream`.
 * An alpha plane is reduced with the picture and otherwise left alone.
 * @throws InputError `IR_E_SIZE`, `IR_E_NOT_FINITE`; UsageError `IR_E_USAGE` (seed); rejects with the signal's reason
 */
export async function degrade(image: Image, degradation: Degradation, options: DegradeOptions = {}): Promise<Image> {
  assertImage(image);
  const { signal, onProgress, seed = 0, exec = {} } = options;
  signal?.throwIfAborted();
  const { steps, depth = 8 } = degradation;
  const kernel: ExecOptions = { ...exec, ...(signal ? { signal } : {}) };
  let hash: Promise<string> | undefined;
  const run: Run = {
    kernel,
    seed: checkSeed(seed),
    noises: 0,
    hash: () => {
      hash ??=
        options.sourceHash === undefined
          ? imageHash(image, signal ? { signal } : {})
          : Promise.resolve(options.sourceHash);
      return hash;
    },
  };
  const { width, height, channels, data } = image;
  let samples: Samples = {
    width,
    height,
    channels,
    ...(image.depth === 8 ? { u8: toInterleavedU8(image) } : { f32: data }),
  };
  const work = planWork(steps);
  for (const [i, { phase, run: doIt }] of work.entries()) {
    signal?.throwIfAborted();
    samples = await doIt(samples, depth === 8 && i === work.length - 1, run);
    onProgress?.({ phase, completed: i + 1, total: work.length });
  }
  signal?.throwIfAborted();
  return finish(samples, await reduceAlpha(image, steps, kernel), depth);
}

/** The 64-bit key of the generator. */
function checkSeed(seed: number | bigint): bigint {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed) ? BigInt(seed) : -1n;
  if (whole >= 0n && whole < 1n << 64n) return whole;
  throw new UsageError(
    'IR_E_USAGE',
    explain({ name: 'seed', expected: 'a safe integer from 0, or a BigInt below 2^64', got: describeValue(seed) }),
  );
}

function finish(samples: Samples, alpha: Float32Array | undefined, depth: 8 | 16 | 32): Image {
  const { width, height, channels } = samples;
  const free: Image = { width, height, channels, data: asF32(samples), depth: 32 };
  const rounded = samples.u8 && depth === 8 ? { ...free, depth } : toDepth(free, depth);
  if (!alpha) return rounded;
  const plane: Image = {
    width,
    height,
    channels: 1,
    depth: 32,
    data: alpha.map((value) => Math.min(1, Math.max(0, value))),
  };
  return { ...rounded, alpha: toDepth(plane, depth).data };
}
