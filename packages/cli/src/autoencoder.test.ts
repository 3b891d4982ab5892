import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, saveImage } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { autoencoderGraphs } from '../../core/src/testing/graphs.js';
import { useModels } from '../../core/src/testing/models-folder.js';
import { ir } from './testing/ir.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-cli-autoencoder-'));
const at = (name: string) => join(folder, name);
let restoreModels: () => void;

beforeAll(() => {
  restoreModels = useModels(at('models'));
  const { encoder, decoder } = autoencoderGraphs();
  writeFileSync(at('e.onnx'), encoder);
  writeFileSync(at('d.onnx'), decoder);
});
afterAll(() => {
  restoreModels();
  rmSync(folder, { recursive: true, force: true });
});

describe('an autoencoder on the command line', () => {
  test('is added from two graphs, listed, verified, and restores', async () => {
    const added = await ir('models', 'add', at('e.onnx'), at('d.onnx'), '--id', 'deep', '--licence', 'CC0-1.0');
    expect(added.code).toBe(0);
    expect(added.stdout).toMatch(
      /^deep: an autoencoder, 12 channels \(latent\) at a side of 1\/2, multiple 2, reach 16/,
    );
    expect((await ir('models', 'list')).stdout).toMatch(/^deep +autoencoder +0\.00 +CC0-1\.0 +user /m);
    expect((await ir('models', 'verify', 'deep')).stdout).toMatch(/^ok +deep: sha256 [0-9a-f]{64}, ran on cpu/);
    const data = Float32Array.from({ length: 3 * 31 * 20 }, (_, i) => ((i * 7) % 256) / 255);
    await saveImage({ width: 31, height: 20, channels: 3, depth: 8, data }, at('in.png'));
    const restored = await ir('restore', at('in.png'), '-o', at('out.png'), '--model', 'deep', '--tile', '16+0');
    expect(restored.code).toBe(0);
    expect((await decode(at('out.png'))).data).toEqual((await decode(at('in.png'))).data);
  });

  test.each([
    ['without an id', [at('e.onnx'), at('d.onnx')], /--id: expected the name it goes by/],
    [
      'with one graph',
      [at('e.onnx'), '--kind', 'autoencoder', '--id', 'x'],
      /expected two graphs, encoder and decoder/,
    ],
    ['as another kind', [at('e.onnx'), at('d.onnx'), '--kind', 'quality', '--id', 'x'], /--kind: expected autoencoder/],
    [
      'with a direction',
      [at('e.onnx'), at('d.onnx'), '--id', 'x', '--direction', 'lower'],
      /--direction: expected none/,
    ],
  ])('is refused %s', async (_, argv, told) => {
    const { code, stdout, stderr } = await ir('models', 'add', ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(told);
  });
});

const shared = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const [encoder, decoder, kodak] = ['weights/taef2_encoder.onnx', 'weights/taef2_decoder.onnx', 'kodak/23.png'].map(
  (file) => join(shared, file),
) as [string, string, string];
const present = [encoder, decoder, kodak].every(existsSync);

(present ? describe : describe.skip)(`TAEF2${present ? '' : ' (../shared/data is absent)'}`, () => {
  // The README of the weights: 33.35 dB, not rounded to 8 bits.
  test('as docs/models.md adds it: 32 channels, a side of 1/8, and Kodak 23 comes back with the published PSNR', async () => {
    const added = await ir('models', 'add', encoder, decoder, '--id', 'taef2', '--licence', 'MIT', '--json');
    expect(added.code).toBe(0);
    const { manifest, roundTrip } = JSON.parse(added.stdout);
    expect(manifest.latent).toMatchObject({ channels: 32, factor: 8 });
    expect(manifest.parts.encoder.gives).toBe('latent');
    expect(roundTrip).toBeGreaterThan(30);
    expect((await ir('restore', kodak, '-o', at('taef2.png'), '--model', 'taef2')).code).toBe(0);
    const scored = JSON.parse((await ir('score', kodak, at('taef2.png'), '--metric', 'psnr', '--json')).stdout);
    const [{ scores }] = scored.items;
    expect(scores.psnr.value).toBeGreaterThanOrEqual(33);
    expect(scores.psnr.value).toBeCloseTo(33.34, 1);
  }, 180_000);
});
