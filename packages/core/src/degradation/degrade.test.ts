import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from '@ir/native';
import { describe, expect, test } from '@jest/globals';
import {
  crop,
  cropToMultiple,
  decode,
  encode,
  fromInterleavedU8,
  type Image,
  imageHash,
  reduceToLongSide,
  resampleImage,
  toDepth,
  toInterleavedU8,
} from '../image/index.js';
import { random, randomImage } from '../image/testing/pictures.js';
import { blurByDefinition } from '../restorer/classical/testing/reference.js';
import { bringToSize, comparable, degrade, noiseStream, parseDegradation, streamOfHash } from './index.js';

const worst = (a: Image, b: Image) => Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
const levels = (image: Image) => Array.from(image.data, (value) => value * 255);

describe('steps', () => {
  test('blur rounds the exact sum half up, for every border', async () => {
    for (const border of ['reflect-101', 'symmetric', 'replicate'] as const) {
      const image = randomImage(3, { width: 19, height: 14, channels: 1 });
      const blurred = await degrade(image, { steps: [{ kind: 'blur', sigma: 1.3, border }] });
      const exact = blurByDefinition(image.data, 19, 14, { sigma: 1.3, size: 9, border });
      for (const [i, value] of levels(blurred).entries())
        expect(Math.abs(value - exact[i]! * 255)).toBeLessThanOrEqual(0.5001);
      expect(levels(blurred).every((value) => Math.abs(value - Math.round(value)) < 1e-4)).toBe(true);
      expect(blurred).toMatchObject({ width: 19, height: 14, channels: 1, depth: 8 });
    }
  });

  test('a side becomes ceil(side / scale)', async () => {
    const image = randomImage(5, { width: 17, height: 10 });
    for (const [scale, width, height] of [
      [2, 9, 5],
      [4, 5, 3],
      [1.7, 10, 6],
      [3, 6, 4],
    ] as const) {
      expect(await degrade(image, { steps: [{ kind: 'down', scale }] })).toMatchObject({ width, height });
    }
  });

  test('MATLAB bicubic: 4x4 ramp to 3x3, weights normalised, border symmetric', async () => {
    const ramp: Image = {
      width: 4,
      height: 4,
      channels: 1,
      depth: 32,
      data: Float32Array.from({ length: 16 }, (_, i) => i / 16),
    };
    const small = await resampleImage(ramp, 3, 3);
    // imresize(reshape(0:15, 4, 4)', [3 3], 'bicubic'), printed to four digits.
    const expected = [0.7506, 2.1004, 3.4503, 6.1501, 7.5, 8.8499, 11.5497, 12.8996, 14.2494];
    for (const [i, value] of expected.entries()) expect(Math.abs(small.data[i]! * 16 - value)).toBeLessThan(6e-5);
  });

  test('nothing is rounded between steps: fused and separate agree in float, and differ from rounding in between', async () => {
    const image = randomImage(6, { width: 40, height: 33 });
    const blur = { kind: 'blur', sigma: 1.4 } as const;
    const down = { kind: 'down', scale: 2 } as const;
    const together = await degrade(image, { steps: [blur, down], depth: 32 });
    const apart = await degrade(await degrade(image, { steps: [blur], depth: 32 }), { steps: [down], depth: 32 });
    expect(worst(together, apart)).toBeLessThan(2e-6);
    const rounded = await degrade(await degrade(image, { steps: [blur] }), { steps: [down], depth: 32 });
    expect(worst(together, rounded)).toBeGreaterThan(1e-4);
    const opencv = await degrade(image, { steps: [blur, { ...down, filter: 'cubic-opencv' }], depth: 32 });
    expect(worst(together, opencv)).toBeGreaterThan(1e-3);
  });

  test('depths: 8, 16 and free', async () => {
    const image = randomImage(6, { depth: 16 });
    const free = await degrade(image, parseDegradation('blur[sigma=1]|float'));
    expect(free.depth).toBe(32);
    for (const depth of [8, 16] as const) {
      const rounded = await degrade(image, { steps: [{ kind: 'blur', sigma: 1 }], depth });
      expect(rounded).toEqual(toDepth(free, depth));
    }
  });

  test('JPEG: worse with less quality, grey stays grey, the original unharmed', async () => {
    const next = random(4);
    const image: Image = fromInterleavedU8(
      Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => 100 + 60 * Math.sin(i / 40) + 20 * next()),
      48,
      32,
      3,
    );
    const before = await imageHash(image);
    const error = async (quality: number) => {
      const out = await degrade(image, { steps: [{ kind: 'jpeg', quality }] });
      return out.data.reduce((sum, value, i) => sum + (value - image.data[i]!) ** 2, 0);
    };
    const [low, high] = [await error(10), await error(95)];
    expect(low).toBeGreaterThan(2 * high);
    expect(high).toBeGreaterThan(0);
    expect((await degrade(randomImage(1, { channels: 1 }), { steps: [{ kind: 'jpeg', quality: 50 }] })).channels).toBe(
      1,
    );
    expect(await imageHash(image)).toBe(before);
  });

  test('alpha is reduced with the picture and otherwise left alone', async () => {
    const image = randomImage(9, { width: 12, height: 8, alpha: true });
    const small = await degrade(image, parseDegradation('blur[sigma=1]|down[x2]'));
    const plane: Image = { width: 12, height: 8, channels: 1, depth: 32, data: image.alpha! };
    const expected = await resampleImage(plane, 6, 4);
    expect(small.alpha).toEqual(
      toDepth({ ...expected, data: expected.data.map((v) => Math.min(1, Math.max(0, v))) }, 8).data,
    );
    expect((await degrade(image, parseDegradation('blur[sigma=1]'))).alpha).toEqual(image.alpha);
  });
});

describe('noise', () => {
  const grey = 128 / 255;
  const flat = (value: number, side = 128): Image => ({
    width: side,
    height: side,
    channels: 3,
    depth: 8,
    data: new Float32Array(side * side * 3).fill(value),
  });
  const moments = (image: Image) => {
    const mean = image.data.reduce((a, b) => a + b, 0) / image.data.length;
    return { mean, deviation: Math.sqrt(image.data.reduce((a, b) => a + (b - mean) ** 2, 0) / image.data.length) };
  };

  test('Gaussian and Poisson have the stated mean and deviation', async () => {
    const gaussian = moments(await degrade(flat(grey), parseDegradation('noise[gauss,sigma=10]|float'), { seed: 3 }));
    // 49,152 draws: five standard errors.
    expect(Math.abs(gaussian.mean - grey)).toBeLessThan((5 * 10) / 255 / 221);
    expect(Math.abs(gaussian.deviation / (10 / 255) - 1)).toBeLessThan(5 / 313);
    const poisson = moments(await degrade(flat(grey), parseDegradation('noise[poisson,peak=200]|float'), { seed: 3 }));
    expect(Math.abs(poisson.mean - grey)).toBeLessThan((5 * Math.sqrt(grey / 200)) / 221);
    expect(Math.abs(poisson.deviation / Math.sqrt(grey / 200) - 1)).toBeLessThan(5 / 313);
  });

  test('is a function of seed and picture: same again, for any thread count; another for another seed, picture or step', async () => {
    const noise = parseDegradation('noise[gauss,sigma=20]');
    const image = randomImage(2, { width: 60, height: 50 });
    const first = await degrade(image, noise, { seed: 5 });
    expect(await degrade({ ...image, data: image.data.slice() }, noise, { seed: 5n, exec: { threads: 1 } })).toEqual(
      first,
    );
    const fromFile = await decode(await encode(image, 'tiff'));
    expect(await degrade(fromFile, noise, { seed: 5 })).toEqual(first);
    expect(worst(await degrade(image, noise, { seed: 6 }), first)).toBeGreaterThan(0.1);
    expect(worst(await degrade(image, noise, { seed: 5, sourceHash: 'another' }), first)).toBeGreaterThan(0.1);
    const free = { ...noise, depth: 32 as const };
    const field = async (start: Image, hash: string) => {
      const out = await degrade(start, free, { sourceHash: hash });
      return out.data.map((value, i) => value - start.data[i]!);
    };
    const twice = await degrade(
      flat(grey, 32),
      { steps: [...noise.steps, ...noise.steps], depth: 32 },
      { sourceHash: 'x' },
    );
    const once = await field(flat(grey, 32), 'x');
    // Two steps of one stream would give twice the field.
    expect(Math.max(...twice.data.map((value, i) => Math.abs(value - grey - 2 * once[i]!)))).toBeGreaterThan(0.1);
  });

  test('seeds are whole, from 0 to 64 bits', async () => {
    const noise = parseDegradation('noise[gauss,sigma=20]');
    for (const seed of [-1, 1.5, Number.NaN, 2 ** 60, -1n, 1n << 64n]) {
      await expect(degrade(randomImage(1), noise, { seed })).rejects.toThrow(/^seed: expected/);
    }
    await expect(degrade(randomImage(1), noise, { seed: (1n << 64n) - 1n })).resolves.toBeDefined();
  });

  test('grey noise is one plane for all channels', async () => {
    const noisy = await degrade(flat(grey, 16), parseDegradation('noise[gauss,sigma=20,grey]'));
    expect(noisy.data.slice(0, 256)).toEqual(noisy.data.slice(512));
    const colour = await degrade(flat(grey, 16), parseDegradation('noise[gauss,sigma=20]'));
    expect(colour.data.slice(0, 256)).not.toEqual(colour.data.slice(512));
  });

  test('the stream keeps its definition', async () => {
    // printf 'ir.stream/1\nabc\ndegradation/noise/0' | sha256sum, first four bytes read little endian
    expect(streamOfHash('abc', 'degradation/noise/0')).toBe(0x6d94c915);
    const image = randomImage(1);
    expect(await noiseStream(image, 'p')).toBe(streamOfHash(await imageHash(image), 'p'));
  });
});

describe('what a call reports', () => {
  test('progress per step, the kernels that ran, and the reason of an abort', async () => {
    const seen: string[] = [];
    const ran: Ran[] = [];
    const options = {
      onProgress: ({ phase, completed, total }: { phase: string; completed: number; total: number }) =>
        seen.push(`${phase} ${completed}/${total}`),
    };
    await degrade(randomImage(1), parseDegradation('blur[sigma=1]|down[x2]|noise[gauss,sigma=3]|blur[sigma=2]'), {
      ...options,
      exec: { variant: 'base', onRan: (one) => ran.push(one) },
    });
    expect(seen).toEqual(['blur and down 1/3', 'noise 2/3', 'blur 3/3']);
    expect(ran.map(({ kernel, variant }) => `${kernel} ${variant}`)).toEqual([
      'degrade base',
      'addNoise base',
      'gaussianBlur base',
    ]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(degrade(randomImage(1), parseDegradation('Blur1'), { signal })).rejects.toThrow('enough');
  });
});

describe('geometry', () => {
  test('crop, multiples, reduction to a long side', async () => {
    const image = randomImage(1, { width: 13, height: 9, alpha: true });
    const part = crop(image, { x: 2, y: 3, width: 5, height: 4 });
    expect([part.data[0], part.alpha?.[0]]).toEqual([image.data[3 * 13 + 2], image.alpha![3 * 13 + 2]]);
    expect(part.data[2 * 20 + 19]).toBe(image.data[(2 * 9 + 6) * 13 + 6]);
    expect(() => crop(image, { x: 10, y: 0, width: 4, height: 1 })).toThrow(/expected a part of the 13x9 picture/);
    expect(cropToMultiple(image, 4)).toMatchObject({ width: 12, height: 8 });
    expect(cropToMultiple(image, 1)).toBe(image);
    expect(() => cropToMultiple(image, 10)).toThrow(/sides of at least 10/);
    const reduced = await reduceToLongSide(randomImage(1, { width: 100, height: 33 }), 40);
    expect([reduced.image.width, reduced.image.height, reduced.identity]).toEqual([
      40,
      13,
      'long-side[40,cubic,aa,border=symmetric,round8]',
    ]);
    expect(await reduceToLongSide(image, 13)).toEqual({ image, identity: 'native' });
  });

  test('super-resolution protocol: cut, degrade, bring up again', async () => {
    const original = randomImage(1, { width: 43, height: 30 });
    const { reference, degraded, comparable: up } = await comparable(original, parseDegradation('SR4'));
    expect([reference.width, reference.height, degraded.width, degraded.height, up.width, up.height]).toEqual([
      40, 28, 10, 7, 40, 28,
    ]);
    expect(up).toEqual(await bringToSize(degraded, 40, 28));
    expect(up.depth).toBe(8);
    const same = await comparable(original, parseDegradation('Blur1'));
    expect(same.comparable).toBe(same.degraded);
    expect(same.reference).toBe(original);
  });
});

/** Published pictures that are not part of the repository; the tests that need them say so when they are absent. */
const butterfly = join(import.meta.dirname, '../../../../../shared/data/goldens/set5_butterfly.png');
const withData = existsSync(butterfly) ? describe : describe.skip;
withData('goldens on Set5 butterfly (../shared/data/goldens)', () => {
  const first = (image: Image) =>
    [...toInterleavedU8(crop(image, { x: 0, y: 0, width: 6, height: 1 }))].filter((_, i) => i % 3 === 0);
  const sum = (image: Image) => toInterleavedU8(image).reduce((a, b) => a + b, 0);

  // Values: independent float64 NumPy implementations of MATLAB's imresize and of the truncated Gaussian (reflect-101), 2026-11.
  test('MATLAB bicubic x2 and x4, rounded: first R samples and the sum of all', async () => {
    const image = await decode(butterfly);
    const two = await degrade(cropToMultiple(image, 2), parseDegradation('SR2'));
    // NumPy rounds ties to even and gives 5,653,056; MATLAB and this project round them up, and the picture has two.
    expect([first(two), sum(two)]).toEqual([[44, 78, 109, 122, 129, 132], 5_653_058]);
    const onLevels = { ...image, depth: 32 as const, data: image.data.map((value) => Math.round(value * 255)) };
    const unrounded = await degrade(onLevels, parseDegradation('down[x2]|float'));
    const toEven = (value: number) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
    expect(unrounded.data.filter((value) => value % 1 === 0.5)).toHaveLength(2);
    expect(unrounded.data.reduce((total, value) => total + Math.min(255, Math.max(0, toEven(value))), 0)).toBe(
      5_653_056,
    );
    const four = await degrade(cropToMultiple(image, 4), parseDegradation('SR4'));
    expect([first(four), sum(four)]).toEqual([[70, 97, 134, 136, 132, 125], 1_413_274]);
  });

  test('Gaussian sigma 1 with 21 taps: as in double precision, but near a tie', async () => {
    const image = await decode(butterfly);
    const blurred = await degrade(image, parseDegradation('blur[sigma=1,k=21]'));
    const count = image.width * image.height;
    let exactSum = 0;
    for (let c = 0; c < 3; c++) {
      const plane = Float64Array.from(image.data.subarray(c * count, (c + 1) * count), (value) =>
        Math.round(value * 255),
      );
      const exact = blurByDefinition(plane, image.width, image.height, { sigma: 1, size: 21, border: 'reflect-101' });
      for (let i = 0; i < count; i++) {
        exactSum += Math.floor(exact[i]! + 0.5);
        // The kernel's stated bound: (2 x 21 + 4) eps times sums of up to 255.
        const off = Math.abs(Math.round(blurred.data[c * count + i]! * 255) - exact[i]!);
        if (off > 0.5 + 46 * 2 ** -24 * 255) throw new Error(`sample ${i} of channel ${c} is off by ${off}`);
      }
    }
    expect([first(blurred), exactSum]).toEqual([[52, 56, 66, 80, 95, 106], 22_609_921]);
    expect(Math.abs(sum(blurred) - 22_609_921)).toBeLessThanOrEqual(10);
  });
});
