import type { Image } from '@ir/core';
import { describe, expect, test } from '@jest/globals';
import { metricNamed } from '../registry.js';
import { flatImage, random, wavyImage } from '../testing/pictures.js';
import { distance, fitGaussian } from './gaussian.js';
import { eigen, pseudoInverseForm } from './linear-algebra.js';

const score = (alias: string, image: Image, crop = 0) => metricNamed(alias).create({ crop }).score({ image });

describe('the multivariate Gaussian', () => {
  test('eigenvectors rebuild a symmetric matrix and are orthonormal (seed 1)', () => {
    const next = random(1);
    const n = 12;
    const half = Array.from({ length: n * n }, () => next() - 0.5);
    const data = Float64Array.from({ length: n * n }, (_, k) => half[k]! + half[(k % n) * n + Math.floor(k / n)]!);
    const { values, vectors } = eigen({ n, data });
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let [built, dot] = [0, 0];
        for (let k = 0; k < n; k++) {
          built += values[k]! * vectors[i * n + k]! * vectors[j * n + k]!;
          dot += vectors[k * n + i]! * vectors[k * n + j]!;
        }
        expect(built).toBeCloseTo(data[i * n + j]!, 12);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
      }
  });

  test('the pseudo-inverse leaves out what the matrix does not span', () => {
    expect(pseudoInverseForm({ n: 2, data: Float64Array.of(4, 0, 0, 0) }, Float64Array.of(2, 7))).toBeCloseTo(1, 14);
    expect(pseudoInverseForm({ n: 2, data: Float64Array.of(2, 1, 1, 2) }, Float64Array.of(1, 1))).toBeCloseTo(
      2 / 3,
      14,
    );
  });

  test('the fit takes means where there are numbers, covariance over whole rows', () => {
    const nan = Number.NaN;
    const { mean, covariance } = fitGaussian(Float64Array.of(1, 2, 3, 6, nan, 100), 2)!;
    expect([...mean]).toEqual([2, 36]);
    expect([...covariance]).toEqual([2, 4, 4, 8]);
    expect(fitGaussian(Float64Array.of(1, 2, nan, 4), 2)).toBeUndefined();
  });

  test('the distance of a Gaussian from itself is 0, and along one axis the difference over the deviation', () => {
    const at = (m: number) => ({ mean: Float64Array.of(m, 0), covariance: Float64Array.of(4, 0, 0, 1) });
    expect(distance(at(1), at(1))).toBe(0);
    expect(distance(at(1), at(7))).toBeCloseTo(3, 14);
  });
});

describe('the score', () => {
  test.each(['niqe', 'niqe-gray'])('%s needs two blocks of 96', async (alias) => {
    const undefinedFor = { value: null, reason: 'too-small' };
    expect(await score(alias, wavyImage(1, { width: 191, height: 191 }))).toEqual(undefinedFor);
    expect(await score(alias, wavyImage(1, { width: 95, height: 400 }))).toEqual(undefinedFor);
    expect(await score(alias, wavyImage(1, { width: 193, height: 96 }), 1)).toEqual(undefinedFor);
    expect((await score(alias, wavyImage(1, { width: 192, height: 96 }))).value).toEqual(expect.any(Number));
    expect((await score(alias, wavyImage(1, { width: 96, height: 192, channels: 1 }))).value).toEqual(
      expect.any(Number),
    );
  });

  test('niqe-pirm is niqe without the outermost four pixels, on top of the crop', async () => {
    const image = wavyImage(4, { width: 300, height: 210 });
    expect(await score('niqe-pirm', image)).toEqual(await score('niqe', image, 4));
    expect(await score('niqe-pirm', image, 2)).toEqual(await score('niqe', image, 6));
    expect(await score('niqe-pirm', wavyImage(4, { width: 199, height: 104 }))).toEqual({
      value: null,
      reason: 'too-small',
    });
  });

  test('a flat picture has no valid block; one with a single block that is not flat has too few', async () => {
    const flat = flatImage(0.5, { width: 192, height: 192 });
    expect(await score('niqe', flat)).toEqual({ value: null, reason: 'no-valid-blocks' });
    const data = flat.data.slice();
    const next = random(3);
    for (let y = 4; y < 90; y++) for (let x = 4; x < 90; x++) data[y * 192 + x] = Math.round(255 * next()) / 255;
    expect(await score('niqe', { ...flat, data })).toEqual({ value: null, reason: 'no-valid-blocks' });
  });

  test('reads the output alone', async () => {
    const image = wavyImage(4, { width: 200, height: 200 });
    const reference = wavyImage(5, { width: 30, height: 20 });
    expect(await metricNamed('niqe').create().score({ reference, image })).toEqual(await score('niqe', image));
  });

  test('NaN, transparency', async () => {
    const image = wavyImage(4, { width: 200, height: 200, depth: 32 });
    const spoilt = { ...image, data: image.data.slice().fill(Number.NaN, 9, 10) };
    expect(await score('niqe', spoilt)).toEqual({ value: null, reason: 'not-finite' });
    const clear = { ...image, alpha: new Float32Array(40000).fill(0.5) };
    await expect(score('niqe', clear)).rejects.toMatchObject({ code: 'IR_E_FORMAT' });
  });

  test('a 16-bit copy of 8-bit samples scores the same', async () => {
    const image = wavyImage(4, { width: 200, height: 200 });
    const deep: Image = { ...image, depth: 16, data: image.data.map((v) => Math.fround(Math.round(v * 255) / 255)) };
    for (const alias of ['niqe', 'niqe-gray']) expect(await score(alias, deep)).toEqual(await score(alias, image));
  });
});
