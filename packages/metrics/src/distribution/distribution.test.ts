import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addModel } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encoderGraph } from '../../../core/src/testing/metric-graphs.js';
import { useModels } from '../../../core/src/testing/models-folder.js';
import { eigen } from '../niqe/linear-algebra.js';
import { createMetrics } from '../registry.js';
import { pairFiles } from '../score/pairs.js';
import { scorePaths } from '../score/score.js';
import { PictureFolder } from '../testing/folder.js';
import { noisy, random, wavyImage } from '../testing/pictures.js';
import { frechetDistance, kernelDistance } from './distances.js';
import { distributionAggregates, splitAliases } from './distribution.js';
import { cholesky, congruence, covariance, eigenvalues, type Matrix, matrix, Pace } from './matrices.js';

const pace = new Pace();

/** Rows with given spreads along the axes, mixed by a fixed rotation of neighbours, and a mean. */
function rows(seed: number, n: number, spreads: readonly number[], mean = 0): Matrix {
  const next = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const all = matrix(n, spreads.length);
  for (let i = 0; i < n; i++) {
    const values = spreads.map((spread) => spread * normal() + mean);
    for (let j = 0; j + 1 < values.length; j++) {
      const [a, b] = [values[j]!, values[j + 1]!];
      values[j] = 0.8 * a - 0.6 * b;
      values[j + 1] = 0.6 * a + 0.8 * b;
    }
    all.data.set(values, i * spreads.length);
  }
  return all;
}

describe('linear algebra', () => {
  const samples = rows(1, 40, [3, 2, 1, 0.5, 0.1]);

  test('L L^T is the covariance, also where some directions have no variance', async () => {
    for (const sample of [samples, rows(2, 3, [1, 1, 1, 1, 1])]) {
      const c = await covariance(sample, pace);
      const l = await cholesky(c, pace);
      const d = c.rows;
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++) {
          let sum = 0;
          for (let k = 0; k < d; k++) sum += l.data[i * d + k]! * l.data[j * d + k]!;
          expect(sum).toBeCloseTo(c.data[i * d + j]!, 10);
        }
    }
  });

  test('eigenvalues are those of Jacobi rotations, multiple ones and zeros included (seeds 3-6)', async () => {
    for (const seed of [3, 4, 5, 6]) {
      const c = await covariance(
        rows(
          seed,
          9,
          Array.from({ length: 2 * seed }, (_, i) => (i % 3) + 0.5),
        ),
        pace,
      );
      const expected = eigen({ n: c.rows, data: c.data }).values.sort();
      const found = await eigenvalues(c, pace);
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 10);
    }
    const identity = matrix(4, 4);
    for (let i = 0; i < 4; i++) identity.data[5 * i] = 2;
    for (const value of await eigenvalues(identity, pace)) expect(value).toBeCloseTo(2, 14);
    expect([...(await eigenvalues({ rows: 1, columns: 1, data: Float64Array.of(3) }, pace))][0]).toBeCloseTo(3, 14);
  });

  test('L^T C L by its definition', async () => {
    const [l, c] = [
      await cholesky(await covariance(samples, pace), pace),
      await covariance(rows(8, 30, [1, 2, 3, 4, 5]), pace),
    ];
    const found = await congruence(l, c, pace);
    const at = (m: Matrix, i: number, j: number) => m.data[i * 5 + j]!;
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) {
        let sum = 0;
        for (let p = 0; p < 5; p++) for (let q = 0; q < 5; q++) sum += at(l, p, i) * at(c, p, q) * at(l, q, j);
        expect(at(found, i, j)).toBeCloseTo(sum, 9);
      }
  });
});

describe('distances of sets', () => {
  test('Frechet: of a set from itself 0; of a shifted one the square of the shift; of a scaled one its spread', async () => {
    const a = rows(1, 60, [3, 2, 1]);
    expect(await frechetDistance(a, a, pace)).toBeCloseTo(0, 8);
    expect(await frechetDistance(a, { ...a, data: a.data.map((v) => v + 2) }, pace)).toBeCloseTo(12, 8);
    const c = await covariance(a, pace);
    const trace = c.data[0]! + c.data[4]! + c.data[8]!;
    const centred = { ...a, data: a.data.map((v) => 3 * v) };
    let means = 0;
    for (let j = 0; j < 3; j++) {
      let sum = 0;
      for (let i = 0; i < 60; i++) sum += a.data[3 * i + j]!;
      means += ((2 * sum) / 60) ** 2;
    }
    expect(await frechetDistance(a, centred, pace)).toBeCloseTo(means + 4 * trace, 8); // (3 - 1)^2 of each eigenvalue
  });

  test('Frechet: symmetric, and finite with fewer rows than numbers', async () => {
    const [a, b] = [rows(1, 4, Array(9).fill(1)), rows(2, 5, Array(9).fill(2))];
    const one = await frechetDistance(a, b, pace);
    expect(one).toBeCloseTo(await frechetDistance(b, a, pace), 6); // roots of eigenvalues that are 0 but for rounding
    expect(one).toBeGreaterThan(0);
  });

  test('kernel: unbiased, so about 0 between samples of one distribution on either side, and far from it where they differ', async () => {
    const values = [];
    for (let i = 0; i < 30; i++)
      values.push(await kernelDistance(rows(i, 20, [1, 1, 1]), rows(i + 100, 20, [1, 1, 1]), pace));
    const mean = values.reduce((a, b) => a + b) / 30;
    const spread = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / 29);
    expect(Math.abs(mean)).toBeLessThan((3 * spread) / Math.sqrt(30));
    expect(values.some((v) => v < 0)).toBe(true);
    expect(await kernelDistance(rows(1, 20, [1, 1, 1]), rows(2, 20, [1, 1, 1], 3), pace)).toBeGreaterThan(10 * spread);
  });
});

describe('of folders', () => {
  let folder: string;
  let originals: PictureFolder;
  let outputs: PictureFolder;
  let restoreModels: () => void;
  const names = Array.from({ length: 52 }, (_, i) => `p${String(i).padStart(2, '0')}.png`);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ir-distribution-'));
    restoreModels = useModels(join(folder, 'models'));
    const path = join(folder, 'colours.onnx');
    await writeFile(path, encoderGraph());
    await addModel(path);
    const pictures = names.map((name, i) => [name, wavyImage(i + 1, { width: 16, height: 16 })] as const);
    originals = await PictureFolder.make(Object.fromEntries(pictures));
    outputs = await PictureFolder.make(
      Object.fromEntries(pictures.map(([name, image], i) => [name, noisy(image, i, 0.9)])),
    );
  });
  afterAll(async () => {
    restoreModels();
    await Promise.all([originals.dispose(), outputs.dispose(), rm(folder, { recursive: true })]);
  });

  test('aliases are told apart', () => {
    expect(splitAliases(['psnr', 'fid', 'kid', 'fid'])).toEqual({ pictures: ['psnr'], distributions: ['fid', 'kid'] });
  });

  test('the distance, its split-half value, its bias and its identity', async () => {
    const pairs = await pairFiles({ reference: originals.path, output: outputs.path });
    const progress: number[] = [];
    const found = await distributionAggregates(
      pairs,
      ['fid', 'kid'],
      {},
      { onProgress: ({ completed }) => progress.push(completed) },
    );
    expect(progress.at(-1)).toBe(104);
    for (const alias of ['fid', 'kid'] as const) {
      const { mean, low, high, n, splitHalf, bias, id, direction } = found[alias]!;
      expect([low, high, n, direction]).toEqual([null, null, 52, 'lower']);
      expect(id).toMatch(new RegExp(`^${alias}\\[encoder=colours@[0-9a-f]{16},size=native,crop=0\\]@1$`));
      expect(mean).toEqual(expect.any(Number));
      expect(splitHalf).toEqual(expect.any(Number));
      expect(bias.length).toBeGreaterThan(10);
    }
    const report = await scorePaths({ reference: originals.path, output: outputs.path }, createMetrics(['psnr']), {
      distributions: { aliases: ['fid', 'kid'] },
    });
    expect(Object.keys(report.aggregate)).toEqual(['psnr', 'fid', 'kid']);
    expect(report.aggregate.fid).toEqual(found.fid);
    const same = await distributionAggregates(await pairFiles({ reference: originals.path, output: originals.path }), [
      'fid',
    ]);
    expect(same.fid!.mean!).toBeCloseTo(0, 10);
  });

  test('too few pictures, no references, tiles, no encoder: refused', async () => {
    const pairs = await pairFiles({ reference: originals.path, output: outputs.path });
    const usage = (message: RegExp) => ({ code: 'IR_E_USAGE', message: expect.stringMatching(message) });
    await expect(distributionAggregates(pairs.slice(0, 3), ['fid'])).rejects.toMatchObject(
      usage(/^fid: expected at least 4 pictures for 3 numbers each, got 3. Take more pictures, or kid/),
    );
    await expect(distributionAggregates(pairs.slice(0, 49), ['kid'])).rejects.toMatchObject(
      usage(/^kid: expected at least 50/),
    );
    await expect(distributionAggregates(await pairFiles({ output: outputs.path }), ['kid'])).rejects.toMatchObject(
      usage(/a folder of references/),
    );
    await expect(distributionAggregates(pairs, ['kid'], { alignSize: 'tiles' })).rejects.toMatchObject(
      usage(/native or crop224/),
    );
    await expect(distributionAggregates(pairs, ['kid'], { encoder: 'color' })).rejects.toMatchObject({
      code: 'IR_E_UNKNOWN_NAME',
    });
    expect(await distributionAggregates(pairs, [])).toEqual({});
  });
});
