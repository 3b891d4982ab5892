import { describe, expect, test } from '@jest/globals';
import type { Border } from '../../degradation/contract.js';
import { random, randomImage } from '../../image/testing/pictures.js';
import { blurOperator } from './operator.js';
import { richardsonLucy } from './richardson-lucy.js';
import { blurByDefinition } from './testing/reference.js';

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const borders: readonly Border[] = ['reflect-101', 'symmetric', 'replicate'];
const shapes = [
  [1, 1],
  [1, 7],
  [2, 2],
  [2, 9],
  [3, 3],
  [5, 4],
  [17, 12],
  [40, 31],
] as const;

describe.each(borders)('the blur operator with border %s', (border) => {
  test('<A x, y> = <x, A^T y>, kernels larger than the picture included', async () => {
    const next = random(11);
    for (const [width, height] of shapes) {
      for (const [sigma, size] of [
        [0.4, 3],
        [1.5, 11],
        [4, 25],
        [12, 73],
      ] as const) {
        const shape = { width, height, channels: 2 };
        const [x, y] = [0, 1].map(() => Float32Array.from({ length: 2 * width * height }, () => next() - 0.3)) as [
          Float32Array,
          Float32Array,
        ];
        const blur = blurOperator(shape, { kind: 'blur', sigma, size, border });
        const [ax, aty] = [await blur.apply(x), await blur.adjoint(y.slice())];
        // Relative to the terms summed: float32 kernels.
        const size1 = Math.sqrt(dot(x, x) * dot(y, y));
        expect(Math.abs(dot(ax, y) - dot(x, aty)) / size1).toBeLessThan(1e-5);
      }
    }
  });

  test('A is the definition, and keeps flat pictures flat', async () => {
    const x = randomImage(3, { width: 9, height: 6, channels: 1 }).data;
    const blur = blurOperator({ width: 9, height: 6, channels: 1 }, { kind: 'blur', sigma: 3, size: 19, border });
    const exact = blurByDefinition(x, 9, 6, { sigma: 3, size: 19, border });
    expect(Math.max(...(await blur.apply(x)).map((value, i) => Math.abs(value - exact[i]!)))).toBeLessThan(1e-5);
    expect(
      Math.max(...(await blur.apply(new Float32Array(54).fill(0.7))).map((value) => Math.abs(value - 0.7))),
    ).toBeLessThan(1e-6);
  });
});

test('where the border weighs samples differently, A itself is not its adjoint: the check above can go red', async () => {
  const next = random(5);
  const [x, y] = [0, 1].map(() => Float32Array.from({ length: 63 }, next)) as [Float32Array, Float32Array];
  for (const border of ['reflect-101', 'replicate'] as const) {
    const blur = blurOperator({ width: 9, height: 7, channels: 1 }, { kind: 'blur', sigma: 2, size: 13, border });
    const gap = Math.abs(dot(await blur.apply(x), y) - dot(x, await blur.apply(y)));
    expect(gap / Math.sqrt(dot(x, x) * dot(y, y))).toBeGreaterThan(1e-4);
  }
});

describe('Richardson-Lucy', () => {
  const scene = (width: number, height: number) => {
    const data = Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return ((x + 3) >> 2) % 2 === ((y + 3) >> 2) % 2 ? 0.9 : 0.1; // the outermost lines stand apart
    });
    return { width, height, channels: 1 as const, depth: 32 as const, data };
  };
  const error = (a: Float32Array, b: Float32Array) =>
    Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);

  test.each(borders)('comes back towards the picture, as well at the edge as inside: %s', async (border) => {
    const sharp = scene(48, 40);
    const step = { kind: 'blur', sigma: 1.2, size: 9, border } as const;
    const blur = blurOperator(sharp, step);
    const blurred = { ...sharp, data: await blur.apply(sharp.data) };
    const back = await richardsonLucy(blurred, blur, { iterations: 60 });
    expect(error(back.data, sharp.data)).toBeLessThan(0.6 * error(blurred.data, sharp.data));
    const frame = (_: number, i: number) => i % 48 < 4 || i % 48 >= 44 || i < 4 * 48 || i >= 36 * 48;
    const [edge, edgeBefore] = [back.data, blurred.data].map((data) =>
      error(data.filter(frame), sharp.data.filter(frame)),
    );
    expect(edge!).toBeLessThan(0.65 * edgeBefore!);
    // Told another border it rings at the edge.
    const other = border === 'replicate' ? 'reflect-101' : 'replicate';
    const wrong = await richardsonLucy(blurred, blurOperator(sharp, { ...step, border: other }), { iterations: 60 });
    expect(error(wrong.data.filter(frame), sharp.data.filter(frame))).toBeGreaterThan(1.05 * edge!);
  });

  test('the likelihood never falls far, and acceleration beats the plain iteration', async () => {
    const sharp = scene(48, 40);
    const blur = blurOperator(sharp, { kind: 'blur', sigma: 1.2, size: 9, border: 'reflect-101' });
    const observed = await blur.apply(sharp.data);
    // Poisson log-likelihood of the observation, up to a constant.
    const likelihood = async (x: Float32Array) =>
      (await blur.apply(x)).reduce((sum, m, i) => sum + observed[i]! * Math.log(m) - m, 0);
    const seen: number[] = [];
    await richardsonLucy({ ...sharp, data: observed }, blur, {
      iterations: 25,
      onEstimate: async (estimate) => {
        seen.push(await likelihood(estimate));
      },
    });
    for (let k = 1; k < seen.length; k++) expect(seen[k]! - seen[k - 1]!).toBeGreaterThan(-1e-3);
    let plain: Float32Array = observed.map((value) => Math.max(value, 1e-5));
    const weights = await blur.adjoint(new Float32Array(observed.length).fill(1));
    for (let k = 0; k < 25; k++) {
      const model = await blur.apply(plain);
      const correction = await blur.adjoint(observed.map((value, i) => value / model[i]!));
      plain = plain.map((value, i) => (value * correction[i]!) / weights[i]!);
      if (k === 0) expect(seen[0]!).toBeCloseTo(await likelihood(plain), 3);
    }
    expect(seen.at(-1)!).toBeGreaterThan(await likelihood(plain));
  });

  test('black stays finite, a flat picture stays as it is', async () => {
    const black = { ...scene(12, 9), data: new Float32Array(108) };
    const blur = blurOperator(black, { kind: 'blur', sigma: 2, size: 13, border: 'reflect-101' });
    const restored = await richardsonLucy(black, blur, { iterations: 30 });
    expect(restored.data.every((value) => value >= 0 && value <= 1e-4)).toBe(true);
    const flat = { ...black, data: new Float32Array(108).fill(0.4) };
    expect(error((await richardsonLucy(flat, blur, { iterations: 30 })).data, flat.data)).toBeLessThan(1e-5);
  });
});
