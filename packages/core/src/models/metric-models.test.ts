import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Image } from '../image/contract.js';
import { Network } from '../network/index.js';
import { singleOp } from '../testing/graphs.js';
import { distanceGraph, encoderGraph, qualityGraph } from '../testing/metric-graphs.js';
import { useModels } from '../testing/models-folder.js';
import { type AddModelOptions, addModel } from './add.js';
import { findModelSync, modelsSync } from './lookup.js';
import { type EncoderManifest, type MetricManifest, parseManifest } from './manifest.js';
import { embed, measureDistance, measureQuality } from './measure.js';
import { type InstalledModel, listModels, restorerModel, verifiedGraph } from './store.js';
import { verifyModel } from './verify.js';

let folder: string;
let restoreModels: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-metric-models-'));
  restoreModels = useModels(join(folder, 'models'));
});
afterEach(async () => {
  restoreModels();
  await rm(folder, { recursive: true });
});

async function add(
  bytes: Uint8Array,
  id: string,
  options: AddModelOptions = {},
): Promise<InstalledModel<MetricManifest>> {
  const path = join(folder, `${id}.onnx`);
  await writeFile(path, bytes);
  return (await addModel(path, options)) as InstalledModel<MetricManifest>;
}

async function opened<T>(model: InstalledModel<MetricManifest>, use: (network: Network) => Promise<T>): Promise<T> {
  const network = await Network.open('test', await verifiedGraph(model));
  try {
    return await use(network);
  } finally {
    await network.dispose();
  }
}

/** Squares of 8 pixels, each of one colour. */
function chequered(columns: number, rows: number, colour: (t: number, c: number) => number): Image {
  const [width, height] = [8 * columns, 8 * rows];
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y, c] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
    return colour(Math.floor(y / 8) * columns + Math.floor(x / 8), c);
  });
  return { width, height, channels: 3, depth: 32, data };
}

describe('adding a network that measures', () => {
  test('its kind follows from its ports', async () => {
    expect((await add(distanceGraph(), 'distance')).manifest).toMatchObject({
      kind: 'distance',
      reference: { name: 'a', range: [0, 1], colour: 'RGB' },
      image: { name: 'b' },
      distance: { name: 'distance' },
      multiple: 1,
      smallest: 8,
    });
    expect((await add(distanceGraph({ map: true }), 'mapped')).manifest).toMatchObject({ map: { name: 'map' } });
    expect((await add(encoderGraph(), 'encoder')).manifest).toMatchObject({
      kind: 'encoder',
      embedding: { name: 'embedding' },
      tokens: { name: 'tokens' },
      multiple: 8,
      smallest: 8,
    });
    expect((await add(encoderGraph({ tokens: false }), 'plain', { multiple: 16 })).manifest).toMatchObject({
      kind: 'encoder',
      multiple: 16,
    });
    expect((await add(qualityGraph(), 'quality', { direction: 'lower' })).manifest).toMatchObject({
      kind: 'quality',
      direction: 'lower',
    });
    for (const { manifest } of (await listModels()).models.filter(({ origin }) => origin === 'user'))
      expect(parseManifest(JSON.parse(JSON.stringify(manifest)), 'again')).toEqual(manifest);
  });

  test('LPIPS takes [-1, 1] unless the user says otherwise', async () => {
    expect((await add(distanceGraph(), 'lpips_alex')).manifest).toMatchObject({ image: { range: [-1, 1] } });
    expect((await add(distanceGraph(), 'lpips-own', { range: [0, 255] })).manifest).toMatchObject({
      image: { range: [0, 255] },
    });
  });

  test('what is no distance, or of another kind than said, is refused', async () => {
    await expect(add(distanceGraph({ offset: 0.5 }), 'no')).rejects.toThrow(
      /a distance: 0 of a picture from itself, got 0.5/,
    );
    await expect(add(qualityGraph(), 'no', { kind: 'distance' })).rejects.toThrow(
      /2 pictures for a model of kind distance/,
    );
    await expect(add(qualityGraph(), 'no', { kind: 'encoder' })).rejects.toThrow(/an output \[N, D\]/);
    await expect(add(encoderGraph(), 'no', { multiple: 7 })).rejects.toThrow(/a token for every square/);
    expect(modelsSync('distance')).toEqual([]);
  });

  test('numbers that become more with the picture are no embedding', async () => {
    const flat = singleOp('Flatten', { output: { name: 'output', shape: ['n', 'k'] } });
    await expect(add(flat, 'flat')).rejects.toMatchObject({
      code: 'IR_E_MODEL',
      message: expect.stringContaining('an embedding of one length for all sizes'),
    });
    expect(modelsSync('encoder').filter(({ origin }) => origin === 'user')).toEqual([]);
  });

  test('verifies, and is found without waiting; broken folders are left out', async () => {
    const models = [await add(distanceGraph(), 'd'), await add(encoderGraph(), 'e_1'), await add(qualityGraph(), 'q')];
    for (const model of models) expect(await verifyModel(model)).toMatchObject({ id: model.manifest.id });
    const [, encoder] = models;
    expect(findModelSync('encoder', 'e-1')).toEqual(encoder);
    expect(findModelSync('distance', 'e_1')).toBeUndefined();
    await writeFile(join(models[0]!.folder, 'manifest.json'), '{');
    expect(modelsSync('distance')).toEqual([]);
    expect(() => restorerModel(encoder!)).toThrow(/a model that restores, got one of kind encoder/);
  });

  test('verification notices ports that the graph does not have', async () => {
    const model = await add(encoderGraph(), 'e');
    const manifest = { ...model.manifest, tokens: { name: 'patches' } } as EncoderManifest;
    await expect(verifyModel({ ...model, manifest })).rejects.toThrow(/a port named patches, got embedding, tokens/);
  });
});

describe('running one', () => {
  test('distances, in the range of the port', async () => {
    const a = chequered(2, 1, () => 0.25);
    const b = chequered(2, 1, (t) => (t === 0 ? 0.25 : 0.75));
    for (const [id, range, expected] of [
      ['unit', [0, 1], 0.125],
      ['signed', [-1, 1], 0.5],
    ] as const) {
      const model = await add(distanceGraph({ map: true }), id, { range });
      if (model.manifest.kind !== 'distance') throw new Error('a distance');
      const { manifest } = model;
      const { value, map } = await opened(model, (network) => measureDistance(network, manifest, [a, b]));
      expect(value).toBeCloseTo(expected, 6);
      expect([map!.dims, map!.data[0], map!.data[8]]).toEqual([[1, 1, 8, 16], 0, 2 * expected]);
    }
  });

  test('embeddings and tokens, row by row', async () => {
    const model = await add(encoderGraph(), 'e');
    if (model.manifest.kind !== 'encoder') throw new Error('an encoder');
    const { manifest } = model;
    const image = chequered(3, 2, (t, c) => (t + c) / 8);
    const { embedding, tokens, columns, rows, size } = await opened(model, (network) =>
      embed(network, manifest, image),
    );
    expect([columns, rows, size]).toEqual([3, 2, 3]);
    expect([...tokens!]).toEqual([0, 1, 2, 3, 4, 5].flatMap((t) => [t / 8, (t + 1) / 8, (t + 2) / 8]));
    expect([...embedding].map((v) => v.toFixed(4))).toEqual(['0.3125', '0.4375', '0.5625']);
  });

  test('qualities', async () => {
    const model = await add(qualityGraph(), 'q');
    if (model.manifest.kind !== 'quality') throw new Error('a quality');
    const { manifest } = model;
    expect(
      await opened(model, (network) =>
        measureQuality(
          network,
          manifest,
          chequered(1, 1, () => 0.5),
        ),
      ),
    ).toBe(0.5);
  });
});
