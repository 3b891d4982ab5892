import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  crop,
  decode,
  degrade,
  findModel,
  type Image,
  type LatentManifest,
  type LatentRestorer,
  listModels,
  measureProperties,
  openLatentRestorer,
  parseDegradation,
} from '@ir/core';
import { createMetrics } from '@ir/metrics';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundledPhotographs } from '../packages/cli/src/photographs.js';
import { excessGradient } from '../packages/core/src/testing/seams.js';

const models = fileURLToPath(new URL('../models/', import.meta.url));
const MEGABYTES = 24;

test('all bundled graphs together stay within their limit', () => {
  const graphs = readdirSync(models, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
  expect(graphs.length).toBeGreaterThan(4);
  const bytes = graphs.reduce((sum, file) => sum + statSync(join(models, file)).size, 0);
  expect(bytes).toBeLessThanOrEqual(MEGABYTES * 1e6);
});

test('every bundled model has a manifest that holds', async () => {
  const { models: installed, broken } = await listModels();
  expect(broken).toEqual([]);
  expect(installed.map(({ manifest }) => manifest.id)).toEqual(expect.arrayContaining(['ldm-s', 'restorer-s']));
});

describe('the bundled latent diffusion model', () => {
  let model: LatentRestorer;
  let photograph: Image;
  let blurred: Image;
  beforeAll(async () => {
    const { manifest, ...place } = await findModel('ldm-s');
    if (manifest.kind !== 'latent-diffusion') throw new Error(`ldm-s is a ${manifest.kind}`);
    model = await openLatentRestorer({ ...place, manifest }, { settings: { steps: 4 } });
    const [first] = bundledPhotographs();
    const whole = await decode(first!.path);
    photograph = crop(whole, { x: 200, y: 200, width: 256, height: 256 });
    blurred = await degrade(photograph, parseDegradation('blur[sigma=4]'));
  });
  afterAll(() => model.dispose());

  const rms = (a: Image, b: Image) =>
    Math.sqrt(a.data.reduce((sum, v, i) => sum + (v - b.data[i]!) ** 2, 0) / a.data.length);
  const farthest = (a: Image, b: Image) => a.data.reduce((most, v, i) => Math.max(most, Math.abs(v - b.data[i]!)), 0);

  test('tiles with enough margin equal the whole autoencoder', async () => {
    const picture = crop(await decode(bundledPhotographs()[0]!.path), { x: 0, y: 0, width: 336, height: 240 });
    const whole = await model.reconstruct(picture, { tile: 'none' });
    const tiled = await model.reconstruct(picture, { tile: { size: 128, overlap: 0 } }); // the parts' own reach is read around each
    expect(farthest(tiled, whole)).toBeLessThan(1e-5);
    expect(rms(whole, picture)).toBeLessThan(0.05);
  });

  test('tiles move the picture little and leave no seams', async () => {
    const picture = crop(await decode(bundledPhotographs()[0]!.path), { x: 100, y: 100, width: 512, height: 320 });
    const input = await degrade(picture, parseDegradation('blur[sigma=4]'));
    const whole = await model.restore(input, { tile: 'none', seed: 1 });
    const against = async (size: number, overlap: number) => {
      const tiled = await model.restore(input, { tile: { size, overlap }, seed: 1 });
      return { decibels: -20 * Math.log10(rms(tiled, whole)), excess: excessGradient(tiled, whole, size) };
    };
    // The bars that the model's card states beside what it measures on Kodak.
    const { decibels, excess } = await against(128, 64);
    expect(decibels).toBeGreaterThan(60);
    expect(Math.abs(excess)).toBeLessThan(0.05);
    // Planted: without context both are missed.
    const bare = await against(64, 0);
    expect(bare.decibels).toBeLessThan(60);
    expect(Math.abs(bare.excess)).toBeGreaterThan(0.05);
  });

  test('the threads of its networks change no byte', async () => {
    const input = crop(blurred, { x: 0, y: 0, width: 157, height: 90 });
    const outputs = [];
    for (const threads of [1, 2, 3]) {
      const { manifest, ...place } = await findModel('ldm-s');
      const settings = { steps: 2, guidance: 4, threads };
      const own = await openLatentRestorer({ ...place, manifest: manifest as LatentManifest }, { settings });
      outputs.push((await own.restore(input, { seed: 1 })).data);
      await own.dispose();
    }
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[2]).toEqual(outputs[0]);
  });

  test('looks more natural than the initial restoration, and follows its condition', async () => {
    const initial = await model.initial(blurred);
    const output = await model.restore(blurred, { seed: 1 });
    const [niqe] = createMetrics(['niqe']);
    const unnatural = async (image: Image) => (await niqe!.score({ reference: photograph, image })).value!;
    expect(await unnatural(output)).toBeLessThan((await unnatural(initial)) - 1);
    const other = await model.restore(
      await degrade(
        crop(await decode(bundledPhotographs()[1]!.path), { x: 200, y: 200, width: 256, height: 256 }),
        parseDegradation('blur[sigma=4]'),
      ),
      { seed: 1 },
    );
    expect(rms(output, photograph)).toBeLessThan(0.5 * rms(other, photograph));
  });

  test('a word moves what it names', async () => {
    const light = async (prompt: string) =>
      measureProperties(await model.under({ guidance: 4, prompt }).restore(blurred, { seed: 1 })).light;
    expect(await light('bright')).toBeGreaterThan((await light('dark')) + 0.02);
  });

  test('one seed gives one picture, another another', async () => {
    const once = await model.restore(blurred, { seed: 3 });
    expect((await model.restore(blurred, { seed: 3 })).data).toEqual(once.data);
    expect(rms(await model.restore(blurred, { seed: 4 }), once)).toBeGreaterThan(0.003);
  });
});
