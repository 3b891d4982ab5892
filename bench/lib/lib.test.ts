import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, gaussianBlur, niqeFeatures, resample } from '@ir/native';
import { afterAll, describe, expect, test } from '@jest/globals';
import { workloads as toys } from '../test-support/toy.mjs';
import { compete } from './arena.mjs';
import * as exact from './exact.mjs';
import { foreignShare } from './foreign.mjs';
import * as plain from './niqe-plain.mjs';
import { distorted, photographLike, planar } from './pictures.mjs';
import { deviation, spread } from './statistics.mjs';

describe('statistics', () => {
  test('the spread is the median with its extremes, whatever the order', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spread([5])).toEqual({ median: 5, min: 5, max: 5 });
  });

  test('the deviation is the largest and the mean difference', () => {
    expect(deviation([1, 2, 5], [1, 3, 3])).toEqual({ max: 2, mean: 1 });
    expect(deviation([1], [0.5], 10)).toEqual({ max: 5, mean: 5 });
  });

  test('not-a-number never counts as a small deviation', () => {
    expect(deviation([Number.NaN, 1], [0, 1]).max).toBeNaN();
    expect(deviation([0, Number.NaN, 7], [0, 0, 0]).max <= 100).toBe(false);
  });

  test('results of another length are an error', () => {
    expect(() => deviation([1], [1, 2])).toThrow('output has 1 values, the exact result 2');
  });
});

describe('exact versions', () => {
  const picture = photographLike(61, 47);

  test('a Gaussian cut at 3 sigma sums to 1 and is symmetric', () => {
    const taps = exact.gaussianTaps(2);
    expect(taps).toHaveLength(13);
    expect(taps.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 15);
    expect([...taps].reverse()).toEqual([...taps]);
  });

  test('blur spreads a point into the product of its taps', () => {
    const data = new Float32Array(81);
    data[40] = 1;
    const taps = exact.gaussianTaps(1);
    const out = exact.blur({ data, width: 9, height: 9, channels: 1 }, 1);
    for (let y = 1; y < 8; y++)
      for (let x = 1; x < 8; x++)
        expect(out[y * 9 + x]).toBeCloseTo((taps[x - 1] as number) * (taps[y - 1] as number), 15);
  });

  test('resize gives the values of MATLAB for 4x4 to 3x3', () => {
    const out = exact.resize(
      { data: Float32Array.from({ length: 16 }, (_, i) => i), width: 4, height: 4, channels: 1 },
      3,
      3,
    );
    [0.7506, 2.1004, 3.4503, 6.1501, 7.5, 8.8499, 11.5497, 12.8996, 14.2494].forEach((v, i) => {
      expect(Math.abs((out[i] as number) - v)).toBeLessThan(5.1e-5);
    });
  });

  test('equal planes have similarity 1, a constant shift the luminance term', () => {
    const plane = new Float64Array(15 * 12).fill(100);
    expect(exact.ssim(plane, plane, 15, 12)).toBeCloseTo(1, 12);
    const c1 = 2.55 ** 2;
    const luminance = (2 * 100 * 110 + c1) / (100 ** 2 + 110 ** 2 + c1);
    expect(
      exact.ssim(
        plane,
        plane.map((v) => v + 10),
        15,
        12,
      ),
    ).toBeCloseTo(luminance, 9);
  });

  test('agree with the kernels that they judge', async () => {
    const p = planar(picture);
    const blurred = await gaussianBlur(p, { sigma: 3 });
    expect(deviation(blurred.data, exact.blur(p, 3)).max).toBeLessThan(3e-6);
    const small = await resample(p, { width: 31, height: 24 });
    expect(deviation(small.data, exact.resize(p, 31, 24)).max).toBeLessThan(3e-6);
    const grey = { ...picture, data: picture.data.slice(0, 61 * 47), channels: 1 };
    const worse = distorted(grey);
    const { ssim } = await compare(grey, worse);
    expect(Math.abs((ssim[0] as number) - exact.ssim(grey.data, worse.data, 61, 47))).toBeLessThan(1e-9);
  });

  test('agree with the kernel on every feature of NIQE', async () => {
    const { data } = photographLike(100, 98);
    const grey = data.slice(0, 100 * 98);
    const { features } = await niqeFeatures(
      { data: grey, width: 100, height: 98, channels: 1 },
      { colour: 'gray-rounded' },
    );
    expect(features).toHaveLength(36);
    expect(deviation(features, plain.niqeFeatures(Float64Array.from(grey), 100, 98)).max).toBeLessThan(2e-3);
  });
});

test('test pictures are the same bytes everywhere', () => {
  expect([...photographLike(4, 1).data]).toEqual([...photographLike(4, 1).data]);
  expect(photographLike(4, 4, 1).data).not.toEqual(photographLike(4, 4, 2).data);
});

test('the share of other programs is a share', () => {
  const before = foreignShare.start();
  const end = performance.now() + 30;
  while (performance.now() < end);
  const share = foreignShare.stop(before, 30);
  expect(share).toBeGreaterThanOrEqual(0);
  expect(share).toBeLessThanOrEqual(1.5); // ticks of 10 ms make a short sample coarse
});

describe('the arena', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'ir-arena-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const [doubling, broken] = toys as never[];

  test('verifies before it times, takes ratios to ours, and keeps other work apart', async () => {
    const { entries } = await compete(doubling, { threads: 1, rounds: 2, scratch });
    const of = (name: string) => entries.find((e: { name: string }) => e.name === name);
    expect(entries).toHaveLength(5);
    expect(of('ir')).toMatchObject({ ours: true, wrong: false, error: { max: 0 }, ratio: { median: 1 } });
    expect(of('ten times the work').ratio.median).toBeGreaterThan(2);
    expect(of('wrong')).toMatchObject({ wrong: true, equal: true });
    expect(of('wrong').error.max).toBeCloseTo(9.9, 6);
    expect(of('other')).toMatchObject({ equal: false, wrong: false });
    expect(of('absent')).toEqual({ name: 'absent', ours: false, equal: true, skipped: 'not installed' });
    expect(readdirSync(scratch)).toEqual(['doubling.f64']);
  });

  test('an implementation that fails is an error, not a time', async () => {
    await expect(compete(broken, { threads: 1, rounds: 1, scratch })).rejects.toThrow('SyntaxError');
  });
});
