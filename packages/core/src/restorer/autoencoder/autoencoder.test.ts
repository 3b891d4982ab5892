import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomImage, worst } from '../../image/testing/pictures.js';
import { addModel } from '../../models/add.js';
import { type AddedAutoencoder, addAutoencoder } from '../../models/add-autoencoder.js';
import { findModel } from '../../models/store.js';
import { type AutoencoderGraphs, autoencoderGraphs, restorerGraph, slowGraph } from '../../testing/graphs.js';
import { useModels } from '../../testing/models-folder.js';
import { refusal } from '../../testing/refusal.js';
import { openRestorer } from '../direct/direct.js';
import { openAutoencoder } from './autoencoder.js';
import { autoencoderRestorer, installedAutoencoders } from './definitions.js';

let folder: string;
let count = 0;
let restoreModels: () => void;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-autoencoder-'));
  restoreModels = useModels(join(folder, 'models'));
  await writeFile(join(folder, 'phi.onnx'), restorerGraph({ scale: 2 }));
  await addModel(join(folder, 'phi.onnx'), { multiple: 1, reach: 16 });
});
afterAll(async () => {
  restoreModels();
  await rm(folder, { recursive: true });
});

async function install(
  graphs: AutoencoderGraphs,
  options: Partial<Parameters<typeof addAutoencoder>[2]> = {},
): Promise<AddedAutoencoder> {
  const id = `ae-${++count}`;
  const { encoder, decoder } = autoencoderGraphs(graphs);
  await writeFile(join(folder, 'e.onnx'), encoder);
  await writeFile(join(folder, 'd.onnx'), decoder);
  return addAutoencoder(join(folder, 'e.onnx'), join(folder, 'd.onnx'), {
    id,
    multiple: graphs.factor ?? 2,
    ...options,
  });
}

async function opened(model: AddedAutoencoder, settings: Readonly<Record<string, unknown>> = {}) {
  const restorer = await openAutoencoder(model, { settings });
  return Object.assign(restorer, { [Symbol.asyncDispose]: () => restorer.dispose() });
}

describe('Dec(E(I))', () => {
  test.each<[AutoencoderGraphs, object]>([
    [{ factor: 2 }, {}],
    [{ factor: 4, moments: true }, {}],
    [{ factor: 3 }, { range: [-1, 1], colour: 'BGR' }],
  ])('of %j %j, where nothing is lost, is the picture, whatever its size', async (graphs, options) => {
    await using restorer = await opened(await install(graphs, options));
    expect(restorer).toMatchObject({ family: 'autoencoder', scale: 1 });
    for (const [width, height] of [
      [1, 1],
      [37, 21],
      [48, 64],
    ] as const) {
      const image = randomImage(width, { width, height });
      expect(worst(image, await restorer.restore(image))).toBeLessThan(1e-6);
      const tiled = await restorer.restore(image, { tile: { size: 16, overlap: 0 } });
      expect(worst(image, tiled)).toBeLessThan(1e-6);
    }
  });

  test('keeps alpha; grey stays grey', async () => {
    await using restorer = await opened(await install({}));
    const image = randomImage(3, { width: 9, height: 7, channels: 1, alpha: true });
    const out = await restorer.restore(image);
    expect(out.alpha).toEqual(image.alpha);
    expect(worst(image, out)).toBeLessThan(1e-6);
  });

  test('in tiles is that of the whole picture where the reach is the true one, and not where it is not', async () => {
    const image = randomImage(4, { width: 90, height: 70 });
    const most = async (reach: number) => {
      await using restorer = await opened(await install({ layer: true }, { reach }));
      const whole = await restorer.restore(image, { tile: 'none' });
      expect(worst(image, whole)).toBeGreaterThan(0.05); // something is lost
      return worst(whole, await restorer.restore(image, { tile: { size: 16, overlap: 0 } }));
    };
    expect(await most(4)).toBeLessThan(2e-6);
    expect(await most(0)).toBeGreaterThan(1e-3);
  });

  test('after an initial restoration is Dec(E(M_phi(I)))', async () => {
    const model = await install({ layer: true });
    const image = randomImage(5, { width: 21, height: 13, alpha: true });
    await using restorer = await opened(model, { initial: 'phi' });
    await using plain = await opened(model);
    const phi = await openRestorer(await findModel('phi'));
    try {
      const expected = await plain.restore(await phi.restore(image));
      const out = await restorer.restore(image);
      expect([restorer.scale, out.width, out.height]).toEqual([2, 42, 26]);
      expect(worst(expected, out)).toBeLessThan(1e-6);
      expect(out.alpha).toHaveLength(42 * 26);
      expect(restorer.identity).toContain(`initial=${phi.identity}`);
    } finally {
      await phi.dispose();
    }
  });
});

describe('an autoencoder as a restorer', () => {
  test('its identity has what changes the output, and nothing else', async () => {
    const model = await install({});
    const identity = async (manifest: object, settings: object = {}) => {
      await using restorer = await opened({ ...model, manifest: { ...model.manifest, ...manifest } }, { ...settings });
      return restorer.identity;
    };
    const own = await identity({});
    expect(own).toMatch(/^ae-\d+\[manifest=[0-9a-f]{16},tile=auto,provider=cpu,threads=1,onnxruntime-node=[\d.]+\]@1$/);
    expect(await identity({ title: 'another', licence: 'another' })).toBe(own);
    expect(await identity({ padding: 'zero' })).not.toBe(own);
    expect(await identity({}, { tile: { size: 64, overlap: 0 } })).toContain('tile=64+0');
  });

  test('is found by its id, with the threads that whoever runs it fixes', async () => {
    const { manifest } = await install({});
    const definition = (await installedAutoencoders()).find(({ id }) => id === manifest.id);
    const restorer = await definition!.create({}, { threads: 2 });
    expect(restorer.identity).toContain('threads=2');
    await restorer.dispose();
    await restorer.dispose();
    expect(await refusal(restorer.restore(randomImage(1)))).toMatch(/^IR_E_DISPOSED/);
  });

  test('settings that it does not have or cannot follow are refused', async () => {
    const model = await install({});
    const create = (settings: object) => refusal(autoencoderRestorer(model).create({ ...settings }));
    expect(await create({ inital: 'phi' })).toMatch(/^IR_E_SCHEMA .*Did you mean "?initial/s);
    expect(await create({ initial: 'phj' })).toMatch(/^IR_E_UNKNOWN_NAME .*phi/);
    expect(await create({ initial: model.manifest.id })).toMatch(/^IR_E_USAGE .*a model that restores/);
    expect(await create({ tile: { size: 4, overlap: 0 } })).toMatch(/^IR_E_SCHEMA/);
  });

  test('refuses pictures below its shortest side', async () => {
    const model = await install({});
    await using restorer = await opened({ ...model, manifest: { ...model.manifest, minSide: 24 } });
    expect(await refusal(restorer.restore(randomImage(1, { width: 23, height: 40 })))).toMatch(
      /^IR_E_SIZE image: expected sides of at least 24 pixels/,
    );
  });

  test('aborted it stops with the reason, also within a pass, and works again', async () => {
    const { decoder } = autoencoderGraphs({ factor: 1 });
    await writeFile(join(folder, 'slow.onnx'), slowGraph(40));
    await writeFile(join(folder, 'd.onnx'), decoder);
    const files = [join(folder, 'slow.onnx'), join(folder, 'd.onnx')] as const;
    const model = await addAutoencoder(...files, { id: 'slow', multiple: 1, reach: 0 });
    await using restorer = await opened(model);
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = restorer.restore(randomImage(1, { width: 128, height: 128 }), { signal: controller.signal });
    const rejected = expect(call).rejects.toBe(reason);
    setTimeout(() => controller.abort(reason), 20);
    await rejected;
    expect(await restorer.restore(randomImage(2))).toMatchObject({ width: 13, height: 9 });
  });
});
