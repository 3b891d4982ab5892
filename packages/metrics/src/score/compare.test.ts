import type { Image } from '@ir/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createMetrics } from '../registry.js';
import { PictureFolder } from '../testing/folder.js';
import { noisy, random, wavyImage } from '../testing/pictures.js';
import { comparePaired, scoreComparison } from './compare.js';
import { conventionTable } from './conventions.js';
import { holm, signFlipTest } from './permutation.js';

const folders: PictureFolder[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.dispose()));
});
const folderOf = async (files: Readonly<Record<string, Image>>) => {
  const folder = await PictureFolder.make(files);
  folders.push(folder);
  return folder;
};

describe('the permutation test', () => {
  test('is exact for few differences', () => {
    expect(signFlipTest([])).toBeNull();
    expect(signFlipTest([1])).toBe(1);
    expect(signFlipTest([1, 1, 1])).toBe(2 / 8);
    expect(signFlipTest([1, 2, 4, 8, 16, 32])).toBe(2 / 64);
    expect(signFlipTest([3, -1, 2])).toBe(4 / 8); // of +-3 +-1 +-2 four sums are at least 4 from 0
    expect(signFlipTest([0.1, 0.1, -0.1, 0.1, -0.1, 0.1])).toBe(signFlipTest([1, 1, -1, 1, -1, 1]));
    expect(signFlipTest([0, 0, 0])).toBe(1);
  });

  test('drawn, it agrees with the exact one and depends on the seed alone (seed 3)', () => {
    const next = random(3);
    const differences = Array.from({ length: 14 }, () => next() - 0.35);
    const exact = signFlipTest(differences)!;
    const one = signFlipTest([...differences, 0], 5)!; // a difference of 0 changes nothing but the method
    expect(Math.abs(one - exact)).toBeLessThan(5 * Math.sqrt((exact * (1 - exact)) / 19_999));
    expect(signFlipTest([...differences, 0], 5)).toBe(one);
    expect(signFlipTest(Array(30).fill(1))).toBe(1 / 20_000);
  });

  test('rejects a true null hypothesis as often as its level says (seed 11)', () => {
    const next = random(11);
    const trials = 600;
    let rejected = 0;
    for (let i = 0; i < trials; i++)
      if (signFlipTest(Array.from({ length: 9 }, () => next() + next() - 1))! <= 0.05) rejected++;
    expect(rejected / trials).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / trials));
    expect(rejected / trials).toBeGreaterThan(0.015);
  });
});

test("Holm's correction multiplies the least by the number of tests, and keeps the order", () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([0.5, 0.6])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

describe('paired comparison', () => {
  const metrics = createMetrics(['psnr', 'niqe', 'ssim']);
  const many = (f: (i: number) => readonly [number, number], n = 12) => Array.from({ length: n }, (_, i) => f(i));

  test('finds what is better by the direction of each metric, small differences under a large spread too', () => {
    const shifted = many((i) => [30 + 5 * Math.sin(i), 29.9 + 5 * Math.sin(i) + 0.01 * Math.cos(9 * i)]);
    const { psnr, niqe, ssim } = comparePaired(metrics, [
      shifted,
      shifted,
      many((i) => [Math.sin(i), Math.cos(7 * i)]),
    ]);
    expect(psnr).toMatchObject({ n: 12, verdict: 'a', p: 2 / 4096, holm: 6 / 4096 });
    expect(niqe).toMatchObject({ verdict: 'b' });
    expect(ssim).toMatchObject({ verdict: 'not distinguishable' });
    expect(psnr!.difference!).toBeCloseTo(0.1, 2);
    expect(psnr!.low! < psnr!.difference! && psnr!.difference! < psnr!.high!).toBe(true);
    expect(psnr!.low!).toBeGreaterThan(0);
  });

  test('says so where pictures are too few, or none has a value', () => {
    const { psnr, niqe, ssim } = comparePaired(metrics, [many(() => [2, 1], 5), [], many(() => [2, 1], 6)]);
    expect(psnr).toMatchObject({ n: 5, verdict: 'too few pictures' });
    expect(niqe).toMatchObject({ n: 0, difference: null, low: null, p: null, holm: null, verdict: 'too few pictures' });
    expect(ssim).toMatchObject({ p: 2 / 64, holm: 4 / 64, verdict: 'not distinguishable' }); // two tests: corrected, it is above 0.05
  });
});

describe('two folders of outputs', () => {
  const names = Array.from({ length: 6 }, (_, i) => `p${i}`);
  const pictures = names.map((_, i) => wavyImage(i + 1, { width: 24, height: 20 }));
  const folder = (make: (image: Image, i: number) => Image, type = 'png') =>
    folderOf(Object.fromEntries(names.map((name, i) => [`${name}.${type}`, make(pictures[i]!, i)])));

  test('over one folder of references', async () => {
    const [reference, a, b] = [
      await folder((image) => image),
      await folder((image, i) => noisy(image, i, 0.02)),
      await folder((image, i) => noisy(image, i + 50, 0.2), 'tif'),
    ];
    const report = await scoreComparison({ reference: reference.path, a: a.path, b: b.path }, createMetrics(['psnr']));
    expect(report).toMatchObject({ schema: 'ir.score-ab/1', comparisons: { psnr: { n: 6, verdict: 'a', p: 2 / 64 } } });
    expect(report.items.map(({ stem }) => stem)).toEqual(names);
    const { a: first, b: second } = report.items[0]!;
    expect(first.scores.psnr!.value!).toBeGreaterThan(second.scores.psnr!.value!);
    expect(second.output).toBe(b.at('p0.tif'));
  });

  test('the same folder twice is not distinguishable; without references stems must agree', async () => {
    const a = await folder((image, i) => noisy(image, i, 0.1));
    const same = await scoreComparison({ reference: a.path, a: a.path, b: a.path }, createMetrics(['ssim']));
    expect(same.comparisons.ssim).toMatchObject({
      difference: 0,
      low: 0,
      high: 0,
      p: 1,
      verdict: 'not distinguishable',
    });
    const fewer = await folderOf({ 'p0.png': pictures[0]! });
    await expect(scoreComparison({ a: a.path, b: fewer.path }, createMetrics(['niqe']))).rejects.toMatchObject({
      code: 'IR_E_USAGE',
      message: expect.stringMatching(/^p1.png: expected an output/),
    });
  });
});

test('one pair under every convention, families together, each with who uses it', async () => {
  const reference = wavyImage(1, { width: 210, height: 210 });
  const rows = await conventionTable({ reference, image: noisy(reference, 2) }, { crop: 2 });
  const families = rows.map(({ family }) => family);
  expect([...new Set(families)]).toEqual(['psnr', 'ssim', 'ms-ssim', 'niqe']);
  expect(families.filter((family, i) => family !== families[i - 1])).toHaveLength(4);
  for (const { value, id, source } of rows) {
    expect(value).toEqual(expect.any(Number));
    expect(id).toContain('crop=2');
    expect(source.length).toBeGreaterThan(3);
  }
  const ssims = rows.filter(({ family }) => family === 'ssim').map(({ value }) => value!);
  expect(Math.max(...ssims) - Math.min(...ssims)).toBeGreaterThan(0.01); // one name, many numbers
});
