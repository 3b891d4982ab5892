import { createHash } from 'node:crypto';
import {
  addNoise,
  compare,
  degrade,
  denoiseStep,
  type ExecOptions,
  gaussianBlur,
  type InterleavedU8,
  niqeFeatures,
  normalField,
  type PlanarF32,
  resample,
} from '../index.js';

export const SEED = 20_231;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function floats(width: number, height: number, channels: number, seed = SEED): PlanarF32 {
  const data = Float32Array.from({ length: width * height * channels }, random(seed));
  return { data, width, height, channels };
}

export const bytes = (p: PlanarF32): InterleavedU8 => ({ ...p, data: Uint8Array.from(p.data, (v) => v * 256) });

export type Result = Float32Array | Float64Array | Uint8Array | Uint8ClampedArray;

/** A short word for exact bytes: large arrays are slow to compare one number at a time. */
export const bits = (values: readonly Result[]): string[] =>
  values.map((v) => createHash('sha256').update(v).digest('hex'));

type Kernels = Readonly<Record<string, (p: PlanarF32, exec: ExecOptions) => Promise<Result[]>>>;

/** Kernels that make samples, on pictures of both layouts. */
export const FILTERS: Kernels = {
  gaussianBlur: async (p, exec) => [
    (await gaussianBlur(p, { sigma: 2.2 }, exec)).data,
    (await gaussianBlur(p, { sigma: 6, border: 'symmetric' }, exec)).data,
    (await gaussianBlur(bytes(p), { sigma: 2.2 }, exec)).data,
  ],
  resample: async (p, exec) => [
    (await resample(p, { scaleX: 0.4, scaleY: 0.7 }, exec)).data,
    (await resample(bytes(p), { scaleX: 1.3, scaleY: 0.7 }, exec)).data,
  ],
  degrade: async (p, exec) => [
    (await degrade(p, { sigma: 1.5, scaleX: 0.5, scaleY: 0.5 }, exec)).data,
    (await degrade(bytes(p), { sigma: 1.5, scaleX: 0.25, scaleY: 0.25 }, exec)).data,
  ],
  addNoise: async (p, exec) => [
    (await addNoise(p, { kind: 'gaussian', sigma: 0.1, seed: 1 }, exec)).data,
    (await addNoise(bytes(p), { kind: 'gaussian', sigma: 0.1, seed: 1 }, exec)).data,
    (await addNoise(bytes(p), { kind: 'gaussian', sigma: 0.1, seed: 2n ** 63n, grey: true }, exec)).data,
    (await addNoise(p, { kind: 'poisson', peak: 20, seed: 1 }, exec)).data,
  ],
  normalField: async (p, exec) => [await normalField({ out: p.data.slice(), seed: 5, offset: 3 }, exec)],
  denoiseStep: async (p, exec) => {
    const plain = { z: p.data, m: p.data, a: 1, b: -0.1 };
    const guided = { ...plain, mu: p.data.toReversed(), s: 4 };
    const x0 = new Float32Array(p.data.length);
    return [
      await denoiseStep({ ...plain, out: p.data.slice(), sigma: 0.2, seed: 3 }, exec),
      await denoiseStep({ ...plain, out: p.data.slice() }, exec),
      await denoiseStep({ ...guided, out: p.data.slice() }, exec),
      await denoiseStep({ ...guided, x0, c: 1, d: -0.5, r: 1, q: 0.5, sigma: 0.2, seed: 3, out: p.data.slice() }, exec),
      x0,
    ];
  },
};

/** Kernels that measure. */
export const SCORES: Kernels = {
  compare: async (p, exec) => {
    const other = { ...p, data: p.data.toReversed() };
    const { mse, ssim, contrast } = await compare(p, other, {}, exec);
    return [mse, ssim, contrast, (await compare(bytes(p), bytes(other), { colour: 'y-studio' }, exec)).ssim];
  },
  niqeFeatures: async (p, exec) => [
    (await niqeFeatures(p, {}, exec)).features,
    (await niqeFeatures(bytes(p), {}, exec)).features,
  ],
};

/** Wide enough for several bands, tiles and blocks; sides that divide by nothing. */
export const SIZES = [
  [331, 129],
  [97, 205],
] as const;
