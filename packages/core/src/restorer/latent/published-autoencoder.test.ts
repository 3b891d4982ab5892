import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { crop } from '../../image/geometry.js';
import { decode } from '../../image/index.js';
import { type LatentManifest, parseManifest } from '../../models/manifest.js';
import { hashFile, type InstalledModel } from '../../models/store.js';
import { onnxBytes } from '../../testing/onnx.js';
import { openLatentRestorer } from './latent.js';
import { copiedModel } from './testing/models.js';

const shared = fileURLToPath(new URL('../../../../../../shared/data', import.meta.url));
const files = ['weights/taef2_encoder.onnx', 'weights/taef2_decoder.onnx', 'kodak'].map((file) => join(shared, file));
const present = files.every(existsSync);

/** A denoiser that says eps = z: what a pipeline needs around a real autoencoder. */
const echo = onnxBytes({
  inputs: [
    { name: 'x', shape: ['n', 32, 'h', 'w'] },
    { name: 't', shape: [1] },
  ],
  outputs: [{ name: 'eps', shape: ['n', 32, 'h', 'w'] }],
  nodes: [
    { op: 'Mul', inputs: ['t', 'zero'], outputs: ['nothing'] },
    { op: 'Add', inputs: ['x', 'nothing'], outputs: ['eps'] },
  ],
  tensors: [{ name: 'zero', dims: [1], data: Float32Array.of(0) }],
});

async function taef2(): Promise<{ model: InstalledModel<LatentManifest>; remove(): void }> {
  const copy = copiedModel('diffbir-tiny');
  const graph = async (file: string, bytes: Uint8Array) => {
    copy.write(file, bytes);
    const path = join(copy.folder, file);
    return {
      graph: { file, sha256: await hashFile(path), bytes: statSync(path).size },
      parameters: { weights: 0, allInitializers: 0 },
    };
  };
  const picture = {
    name: 'image',
    shape: ['n', 3, 'h', 'w'],
    dtype: 'float32',
    layout: 'NCHW',
    range: [0, 1],
    colour: 'RGB',
  };
  const latent = { name: 'latent', shape: ['n', 32, 'lh', 'lw'] };
  const manifest = {
    schema: 'ir.model/1',
    id: 'taef2',
    kind: 'latent-diffusion',
    title: 'TAEF2 with a denoiser that learned nothing',
    licence: 'MIT',
    source: 'madebyollin/taesd',
    parts: {
      initial: { kind: 'none' },
      encoder: {
        ...(await graph('encoder.onnx', readFileSync(files[0]!))),
        input: picture,
        output: latent,
        gives: 'latent',
        reach: 64,
      },
      decoder: { ...(await graph('decoder.onnx', readFileSync(files[1]!))), input: latent, output: picture, reach: 96 },
      denoiser: {
        ...(await graph('echo.onnx', echo)),
        inputs: { latent: { ...latent, name: 'x' }, time: { name: 't', shape: [1], dtype: 'float32' } },
        output: { ...latent, name: 'eps' },
        prediction: 'eps',
      },
    },
    latent: { channels: 32, factor: 8, normalisation: { scale: 1 } },
    schedule: { law: 'scaled-linear', betaStart: 0.00085, betaEnd: 0.012 },
    multiple: 8,
    maxPixels: 1_048_576,
    tile: { size: 128, overlap: 64 },
  };
  const parsed = parseManifest(manifest, 'taef2') as LatentManifest;
  return { model: { manifest: parsed, folder: copy.folder, origin: 'user' }, remove: copy.remove };
}

const psnr = (a: Float32Array, b: Float32Array) =>
  -10 * Math.log10(a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length);

const suite = present ? describe : describe.skip;
suite(`a published autoencoder of 32 channels${present ? '' : ' (../shared/data is absent)'}`, () => {
  // 33.35 dB: the figure that comes with the weights (their README), for the whole picture of 768x512, clipped and not rounded (8 bits: 33.34).
  test('round trip of Kodak 23: the published 33.35 dB; tiles near it', async () => {
    const { model, remove } = await taef2();
    const restorer = await openLatentRestorer(model, { settings: { sampler: 'ddim', steps: 2, start: { time: 100 } } });
    try {
      const image = await decode(join(shared, 'kodak/23.png'));
      expect(psnr((await restorer.reconstruct(image)).data, image.data)).toBeCloseTo(33.35, 2);
      const part = crop(image, { x: 100, y: 60, width: 140, height: 125 }); // padded to multiples of 8, and cut again
      const whole = await restorer.reconstruct(part);
      const tiled = await restorer.reconstruct(part, { tile: { size: 64, overlap: 16 } });
      expect([tiled.width, tiled.height]).toEqual([140, 125]);
      // It normalises over the whole picture, so that tiles cannot equal it: 38 dB from it on a larger part, measured 2026-11-24.
      expect(psnr(tiled.data, whole.data)).toBeGreaterThan(35);
      const out = await restorer.restore(part);
      expect([out.width, out.height, out.data.every((v) => v >= 0 && v <= 1)]).toEqual([140, 125, true]);
    } finally {
      await restorer.dispose();
      remove();
    }
  }, 180_000);
});
