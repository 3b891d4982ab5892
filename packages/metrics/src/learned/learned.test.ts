import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addModel, type Image, type Metric, toDepth } from '@ir/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { distanceGraph, qualityGraph } from '../../../core/src/testing/metric-graphs.js';
import { useModels } from '../../../core/src/testing/models-folder.js';
import { allMetrics, createMetrics, metricFromIdentity } from '../registry.js';
import { noisy, wavyImage } from '../testing/pictures.js';
import { distanceMap } from './distance.js';

let folder: string;
let restoreModels: () => void;
const used: Metric[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-learned-'));
  restoreModels = useModels(join(folder, 'models'));
});
beforeEach(() => {
  process.env.IR_MODELS_DIR = join(folder, 'models');
});
afterAll(async () => {
  restoreModels();
  await Promise.all(used.map((metric) => metric.dispose?.()));
  await rm(folder, { recursive: true });
});

async function install(bytes: Uint8Array, id: string): Promise<void> {
  const path = join(folder, `${id}.onnx`);
  await writeFile(path, bytes);
  await addModel(path);
}

function made(alias: string, crop = 0): Metric {
  const [metric] = createMetrics([alias], { crop });
  used.push(metric!);
  return metric!;
}

/** What the small network computes, by hand: the mean of squared differences times the square of the port's range. */
const meanSquare = (a: Image, b: Image, range: number) =>
  a.data.reduce((sum, v, i) => sum + (range * (v - b.data[i]!)) ** 2, 0) / a.data.length;

const reference = wavyImage(1, { width: 40, height: 30 });
const image = noisy(reference, 2);

describe('without its network', () => {
  test.each(['lpips-alex', 'lpips-vgg', 'lpips-squeeze', 'dists', 'dists-256', 'pi'])(
    '%s is null with a reason, and says so in its identity',
    async (alias) => {
      process.env.IR_MODELS_DIR = join(folder, 'none');
      const metric = made(alias);
      expect(metric.id).toMatch(/=missing/);
      expect(await metric.score({ reference, image })).toEqual({ value: null, reason: 'model-missing' });
      expect(metricFromIdentity(metric.id).alias).toBe(alias);
    },
  );
});

describe('with a network', () => {
  beforeAll(async () => {
    process.env.IR_MODELS_DIR = join(folder, 'models');
    await install(distanceGraph({ map: true }), 'lpips_squeeze');
    await install(distanceGraph(), 'dists');
    await install(distanceGraph(), 'my-distance');
    await install(qualityGraph(), 'musiq');
    await install(qualityGraph(), 'nrqm');
  });

  test('the number is the network’s, on pictures in its range, after the crop; the identity holds its hash', async () => {
    expect((await made('lpips-squeeze').score({ reference, image })).value).toBeCloseTo(
      meanSquare(reference, image, 2),
      6,
    );
    expect((await made('dists').score({ reference, image })).value).toBeCloseTo(meanSquare(reference, image, 1), 6);
    expect(made('lpips-squeeze').id).toMatch(/^lpips\[squeeze,v0\.1,model=lpips_squeeze@[0-9a-f]{16},crop=0\]@1$/);
    expect((await made('lpips-squeeze', 5).score({ reference, image })).value).not.toBe(
      (await made('lpips-squeeze').score({ reference, image })).value,
    );
    expect(await made('lpips-squeeze').score({ reference, image: reference })).toEqual({ value: 0 });
  });

  test('grey counts as R = G = B; too small, NaN and other sizes are told', async () => {
    const grey = wavyImage(3, { width: 20, height: 20, channels: 1 });
    const other = noisy(grey, 4);
    expect((await made('dists').score({ reference: grey, image: other })).value).toBeCloseTo(
      meanSquare(grey, other, 1),
      6,
    );
    expect(await made('dists', 7).score({ reference: grey, image: other })).toEqual({
      value: null,
      reason: 'too-small',
    });
    const spoilt: Image = { ...toDepth(image, 32), data: image.data.slice().fill(Number.NaN, 3, 4) };
    expect(await made('dists').score({ reference, image: spoilt })).toEqual({ value: null, reason: 'not-finite' });
    await expect(made('dists').score({ reference, image: grey })).rejects.toMatchObject({ code: 'IR_E_SIZE' });
  });

  test('dists-256 reduces larger pictures, and is dists on others', async () => {
    expect(await made('dists-256').score({ reference, image })).toEqual(
      await made('dists').score({ reference, image }),
    );
    const large = wavyImage(5, { width: 300, height: 280 });
    const worse = noisy(large, 6);
    const [reduced, native] = [
      await made('dists-256').score({ reference: large, image: worse }),
      await made('dists').score({ reference: large, image: worse }),
    ];
    expect(reduced.value!).toBeLessThan(native.value!); // independent noise is averaged
  });

  test('the map is what the distance is the mean of', async () => {
    const map = await distanceMap('lpips-squeeze', reference, image);
    expect([map!.width, map!.height]).toEqual([40, 30]);
    expect(map!.values.reduce((a, b) => a + b) / map!.values.length).toBeCloseTo(meanSquare(reference, image, 2), 6);
    expect(await distanceMap('dists', reference, image)).toBeUndefined();
  });

  test('other installed models are metrics under their ids', async () => {
    expect(allMetrics().map(({ alias }) => alias)).toEqual(expect.arrayContaining(['my-distance', 'musiq', 'nrqm']));
    expect((await made('my-distance').score({ reference, image })).value).toBeCloseTo(
      meanSquare(reference, image, 1),
      6,
    );
    expect((await made('musiq').score({ image })).value).toBeCloseTo(
      image.data.reduce((a, b) => a + b) / image.data.length,
      6,
    );
    const metric = made('musiq', 2);
    expect(metricFromIdentity(metric.id)).toMatchObject({ alias: 'musiq', id: metric.id });
  });

  test('the perceptual index is ((10 - NRQM) + NIQE) / 2 without four pixels on every side', async () => {
    const picture = wavyImage(8, { width: 208, height: 208 });
    const [niqe, ma] = [
      await made('niqe-pirm').score({ image: picture }),
      await made('nrqm', 4).score({ image: picture }),
    ];
    expect((await made('pi').score({ image: picture })).value).toBeCloseTo((10 - ma.value! + niqe.value!) / 2, 10);
    expect(await made('pi').score({ image })).toEqual({ value: null, reason: 'too-small' });
  });

  test('a metric disposed of can be used again; several calls at once share a network', async () => {
    const metric = made('dists');
    const first = await metric.score({ reference, image });
    await metric.dispose!();
    expect(await Promise.all([metric.score({ reference, image }), metric.score({ reference, image })])).toEqual([
      first,
      first,
    ]);
  });
});
