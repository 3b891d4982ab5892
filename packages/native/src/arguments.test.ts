import { describe, expect, test } from '@jest/globals';
import {
  addNoise,
  compare,
  degrade,
  denoiseStep,
  gaussianBlur,
  IrNativeError,
  niqeFeatures,
  normalField,
  philoxWords,
  resample,
} from './index.js';

/** Arguments as a JavaScript caller may get them wrong. */
// biome-ignore lint/suspicious/noExplicitAny: the wrong types are the subject
const wrong = (value: unknown): any => value;

async function refusal(call: () => Promise<unknown>): Promise<string> {
  const error = await call().then(
    () => 'was accepted',
    (e: unknown) => e,
  );
  if (!(error instanceof IrNativeError)) throw error;
  return `${error.code}: ${error.message}`;
}

const picture = (width = 16, height = 12, channels = 3) => ({
  data: new Float32Array(width * height * channels).fill(0.5),
  width,
  height,
  channels,
});
const p = picture();
const z = new Float32Array(64);
const out = new Float32Array(64);

describe('every refusal is an error with a code that names the argument and what came', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['no picture', () => gaussianBlur(wrong(undefined), { sigma: 1 }), /^IR_E_ARGUMENT: .* for src, got nothing/],
    ['null', () => gaussianBlur(wrong(null), { sigma: 1 }), /^IR_E_ARGUMENT: .* for src, got null/],
    [
      'a string',
      () => resample(wrong('x.png'), { scaleX: 2, scaleY: 2 }),
      /^IR_E_ARGUMENT: .* src, got the string "x.png"/,
    ],
    [
      'doubles',
      () => gaussianBlur({ ...p, data: wrong(new Float64Array(576)) }, { sigma: 1 }),
      /^IR_E_ARGUMENT: .* src.data, got Float64Array of length 576/,
    ],
    [
      'an array',
      () => gaussianBlur({ ...p, data: wrong([1, 2, 3]) }, { sigma: 1 }),
      /^IR_E_ARGUMENT: .* src.data, got an array/,
    ],
    [
      'a DataView',
      () => gaussianBlur({ ...p, data: wrong(new DataView(new ArrayBuffer(8))) }, { sigma: 1 }),
      /^IR_E_ARGUMENT: .* src.data, got an object/,
    ],
    [
      'width NaN',
      () => gaussianBlur({ ...p, width: Number.NaN }, { sigma: 1 }),
      /^IR_E_ARGUMENT: .* src.width, got NaN/,
    ],
    [
      'width -1',
      () => addNoise({ ...p, width: -1 }, { kind: 'gaussian', sigma: 1, seed: 1 }),
      /^IR_E_ARGUMENT: .* src.width, got -1/,
    ],
    [
      'height 0',
      () => degrade({ ...p, height: 0 }, { sigma: 1, scaleX: 0.5, scaleY: 0.5 }),
      /^IR_E_ARGUMENT: .* src.height, got 0/,
    ],
    ['height 1.5', () => niqeFeatures({ ...p, height: 1.5 }), /^IR_E_ARGUMENT: .* image.height, got 1.5/],
    ['width 2^40', () => compare({ ...p, width: 2 ** 40 }, p), /^IR_E_ARGUMENT: .* reference.width, got 1099511627776/],
    [
      'channels missing',
      () => gaussianBlur({ ...p, channels: wrong(undefined) }, { sigma: 1 }),
      /^IR_E_ARGUMENT: .* src.channels, got nothing/,
    ],
    [
      'more than there is',
      () => gaussianBlur({ ...p, width: 30_000, height: 30_000 }, { sigma: 1 }),
      /^IR_E_SHAPE: .* 30000 x 30000 x 3 samples, got 576/,
    ],
    [
      'the largest sizes',
      () => gaussianBlur({ ...p, width: 2 ** 31 - 1, height: 2 ** 31 - 1, channels: 2 ** 31 - 1 }, { sigma: 1 }),
      /^IR_E_SHAPE: /,
    ],
    ['five channels', () => gaussianBlur(picture(4, 4, 5), { sigma: 1 }), /^IR_E_SHAPE: .* 1 to 4 channels/],
    ['sigma missing', () => gaussianBlur(p, wrong({})), /^IR_E_ARGUMENT: expected a number for sigma, got nothing/],
    ['sigma a string', () => gaussianBlur(p, { sigma: wrong('2') }), /^IR_E_ARGUMENT: .* sigma, got the string "2"/],
    ['sigma NaN', () => gaussianBlur(p, { sigma: Number.NaN }), /^IR_E_ARGUMENT: expected sigma in 0.1..50/],
    ['sigma -1', () => gaussianBlur(p, { sigma: -1 }), /^IR_E_ARGUMENT: expected sigma in 0.1..50 pixels, got -1/],
    ['sigma 51', () => gaussianBlur(p, { sigma: 51 }), /^IR_E_ARGUMENT: expected sigma/],
    ['size even', () => gaussianBlur(p, { sigma: 1, size: 4 }), /^IR_E_ARGUMENT: expected size .* odd .* got 4/],
    ['size 2.5', () => gaussianBlur(p, { sigma: 1, size: 2.5 }), /^IR_E_ARGUMENT: .* 32-bit integer for size, got 2.5/],
    ['size 2^31', () => gaussianBlur(p, { sigma: 1, size: 2 ** 31 }), /^IR_E_ARGUMENT: .* 32-bit integer for size/],
    [
      'an unknown border',
      () => gaussianBlur(p, { sigma: 1, border: wrong('wrap') }),
      /^IR_E_ARGUMENT: expected one of reflect-101, symmetric, replicate for border, got the string "wrap"/,
    ],
    [
      'an unknown option',
      () => gaussianBlur(p, wrong({ sigma: 1, boarder: 'symmetric' })),
      /^IR_E_ARGUMENT: expected only the arguments .*, got boarder/,
    ],
    [
      'an unknown option of resample',
      () => resample(p, wrong({ width: 4, height: 4, kernel: 'cubic' })),
      /^IR_E_ARGUMENT: .* got kernel/,
    ],
    [
      'an unknown option of degrade',
      () => degrade(p, wrong({ width: 4, height: 4, sigma: 1, border: 'symmetric' })),
      /^IR_E_ARGUMENT: .* got border/,
    ],
    ['no size', () => resample(p, { width: 4 }), /^IR_E_ARGUMENT: expected height or scaleY .* got neither/],
    ['size 0', () => resample(p, { width: 0, height: 4 }), /^IR_E_SHAPE: expected at least one pixel/],
    ['scale NaN', () => resample(p, { scaleX: Number.NaN, scaleY: 1 }), /^IR_E_SHAPE: /],
    ['scale -2', () => resample(p, { scaleX: -2, scaleY: 1 }), /^IR_E_SHAPE: /],
    ['scale 5000', () => resample(p, { scaleX: 5000, scaleY: 1 }), /^IR_E_ARGUMENT: expected scales in 1\/4096..4096/],
    [
      'a result beyond memory',
      () => resample(p, { width: 2 ** 26, height: 2 ** 24, scaleX: 1, scaleY: 1 }),
      /^IR_E_MEMORY: .* 67108864x16777216x3/,
    ],
    [
      'an output of another size',
      () => gaussianBlur(p, { sigma: 1, out: picture(12, 16) }),
      /^IR_E_SHAPE: .*dst.* 16x12x3 .* 12x16x3/,
    ],
    [
      'an output of another type',
      () => gaussianBlur(p, { sigma: 1, out: wrong({ ...p, data: new Uint8Array(576) }) }),
      /^IR_E_SHAPE: .* float32, got .* uint8/,
    ],
    [
      'flag 1',
      () => resample(p, { width: 4, height: 4, antialias: wrong(1) }),
      /^IR_E_ARGUMENT: expected true or false for antialias, got 1/,
    ],
    ['noise without a kind', () => addNoise(p, wrong({ seed: 1 })), /^IR_E_ARGUMENT: .* for kind, got nothing/],
    ['seed -1', () => addNoise(p, { kind: 'gaussian', sigma: 1, seed: -1 }), /^IR_E_ARGUMENT: .* seed, got -1/],
    ['seed 2^53', () => addNoise(p, { kind: 'gaussian', sigma: 1, seed: 2 ** 53 }), /^IR_E_ARGUMENT: .* seed/],
    [
      'seed 2^64',
      () => addNoise(p, { kind: 'gaussian', sigma: 1, seed: 2n ** 64n }),
      /^IR_E_ARGUMENT: .* 2\^64 - 1 for seed/,
    ],
    ['seed -1n', () => philoxWords(-1n, 0, 0), /^IR_E_ARGUMENT: .* for seed, got -1/],
    [
      'stream 2^32',
      () => addNoise(p, { kind: 'gaussian', sigma: 1, seed: 1, stream: 2 ** 32 }),
      /^IR_E_ARGUMENT: expected stream below 2\^32/,
    ],
    ['step -1', () => normalField({ out, seed: 1, step: -1 }), /^IR_E_ARGUMENT: expected step >= 0/],
    ['peak 0', () => addNoise(p, { kind: 'poisson', peak: 0, seed: 1 }), /^IR_E_ARGUMENT: expected peak/],
    [
      'peak infinite',
      () => addNoise(p, { kind: 'poisson', peak: Number.POSITIVE_INFINITY, seed: 1 }),
      /^IR_E_ARGUMENT: expected peak/,
    ],
    [
      'a tile outside',
      () => addNoise(p, { kind: 'gaussian', sigma: 1, seed: 1, pictureWidth: 20, offsetX: 5 }),
      /^IR_E_SHAPE: expected the tile to lie inside/,
    ],
    [
      'no vector',
      () => denoiseStep(wrong({ out, a: 1 })),
      /^IR_E_ARGUMENT: expected a Float32Array for z, got nothing/,
    ],
    [
      'lengths that differ',
      () => denoiseStep({ z, m: new Float32Array(63), out, a: 1, b: 1 }),
      /^IR_E_SHAPE: expected m to have the length of z, 64, got 63/,
    ],
    ['coefficient NaN', () => denoiseStep({ z, out, a: Number.NaN }), /^IR_E_ARGUMENT: expected finite coefficients/],
    ['b without m', () => denoiseStep({ z, out, a: 1, b: 1 }), /^IR_E_ARGUMENT: expected m, because b or d is not 0/],
    ['r -1', () => denoiseStep({ z, out, a: 1, r: -1 }), /^IR_E_ARGUMENT: expected r >= 0/],
    [
      'sizes that differ',
      () => compare(p, picture(12, 16)),
      /^IR_E_SHAPE: expected image to have the shape of reference/,
    ],
    ['too small for SSIM', () => compare(picture(10, 30), picture(10, 30)), /^IR_E_SHAPE: expected at least 11 pixels/],
    ['crop -1', () => compare(p, p, { crop: -1 }), /^IR_E_SHAPE: expected crop/],
    ['crop NaN', () => niqeFeatures(picture(96, 96), { crop: Number.NaN }), /^IR_E_ARGUMENT: .* crop, got NaN/],
    [
      'crop past the middle',
      () => compare(p, p, { crop: 6 }),
      /^IR_E_SHAPE: expected crop to leave at least one pixel/,
    ],
    ['no block', () => niqeFeatures(picture(95, 96)), /^IR_E_SHAPE: expected at least one block of 96x96/],
    ['luma of two channels', () => niqeFeatures(picture(96, 96, 2)), /^IR_E_SHAPE: expected 1 or 3 channels/],
  ])('%s', async (_name, call, message) => {
    expect(await refusal(call)).toMatch(message);
  });

  test('after a refusal the same call with good arguments runs', async () => {
    await refusal(() => gaussianBlur(p, { sigma: -1 }));
    expect((await gaussianBlur(p, { sigma: 1 })).data).toHaveLength(576);
  });
});

describe('overlap of operands', () => {
  const whole = new Float32Array(100);
  const view = (from: number, to: number) => whole.subarray(from, to);
  const raster = (from: number) => ({ data: view(from, from + 48), width: 8, height: 6, channels: 1 });

  test.each<[string, () => Promise<unknown>]>([
    ['an output shifted by one', () => denoiseStep({ z: view(0, 64), out: view(1, 65), a: 1 })],
    [
      'an output shifted by one byte-aligned float less than the length',
      () => denoiseStep({ z: view(0, 32), out: view(31, 63), a: 1 }),
    ],
    ['two outputs in one memory', () => denoiseStep({ z, out: view(0, 64), x0: view(0, 64), a: 1, c: 1 })],
    ['a blur shifted', () => gaussianBlur(raster(0), { sigma: 1, out: raster(8) })],
    ['a resampling in place', () => resample(raster(0), { width: 8, height: 6, out: raster(0) })],
    [
      'bytes and floats of one memory',
      () => {
        const buffer = new ArrayBuffer(400);
        return compare(
          { data: new Uint8Array(buffer, 0, 256), width: 16, height: 16, channels: 1 },
          { data: new Uint8Array(buffer, 100, 256), width: 16, height: 16, channels: 1 },
        ).then(() =>
          gaussianBlur(
            { data: new Uint8Array(buffer, 0, 256), width: 16, height: 16, channels: 1 },
            {
              sigma: 1,
              out: { data: new Uint8ClampedArray(buffer, 100, 256), width: 16, height: 16, channels: 1 },
            },
          ),
        );
      },
    ],
  ])('is refused: %s', async (_name, call) => {
    expect(await refusal(call)).toMatch(/^IR_E_ALIAS: expected \w+ and \w+ .*overlap/);
  });

  test('is allowed between inputs, and between neighbours that only touch', async () => {
    await denoiseStep({ z: view(0, 32), m: view(10, 42), out: view(42, 74), a: 1, b: 1 });
    await denoiseStep({ z: view(0, 32), m: view(0, 32), out: view(32, 64), a: 1, b: 1 });
    await compare({ ...picture(16, 12, 1), data: new Float32Array(192) }, picture(16, 12, 1));
  });
});
