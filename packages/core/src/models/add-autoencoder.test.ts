import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { autoencoderGraphs, identityGraph, notANumberGraph, restorerGraph } from '../testing/graphs.js';
import { useModels } from '../testing/models-folder.js';
import { refusal } from '../testing/refusal.js';
import { type AddAutoencoderOptions, addAutoencoder } from './add-autoencoder.js';
import { graphParts, weightsOf } from './latent-parts.js';
import { parseManifest } from './manifest.js';
import { findModel } from './store.js';
import { verifyModel } from './verify.js';

let folder: string;
let restoreModels: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-add-autoencoder-'));
  restoreModels = useModels(join(folder, 'models'));
});
afterEach(async () => {
  restoreModels();
  await rm(folder, { recursive: true });
});

async function add(
  { encoder, decoder }: { readonly encoder: Uint8Array; readonly decoder: Uint8Array },
  options: Partial<AddAutoencoderOptions> = {},
) {
  const files = [join(folder, 'my-encoder.onnx'), join(folder, 'my-decoder.onnx')] as const;
  await writeFile(files[0], encoder);
  await writeFile(files[1], decoder);
  return addAutoencoder(...files, { id: 'ae', ...options });
}

const installed = () => readdir(join(folder, 'models')).catch(() => []);

describe('adding an autoencoder', () => {
  test('asks both graphs for channels, factor, multiple and reach, and runs the model before it is there', async () => {
    const added = await add(autoencoderGraphs({ factor: 4, layer: true }), { licence: 'CC0-1.0' });
    const { roundTrip, ...model } = added;
    expect(model.manifest).toMatchObject({
      id: 'ae',
      kind: 'autoencoder',
      licence: 'CC0-1.0',
      source: 'my-encoder.onnx, my-decoder.onnx',
      latent: { channels: 48, factor: 4, normalisation: { scale: 1, shift: 0 } },
      multiple: 4,
      parts: {
        encoder: { gives: 'latent', reach: 16, input: { name: 'image', range: [0, 1], colour: 'RGB' } },
        decoder: { reach: 16, input: { name: 'z' }, output: { name: 'picture', shape: ['n', 3, 'h', 'w'] } },
      },
    });
    expect(await readdir(model.folder)).toEqual(['decoder.onnx', 'encoder.onnx', 'manifest.json']);
    expect(await findModel('ae')).toEqual(model);
    expect(graphParts(model.manifest).map(({ name }) => name)).toEqual(['encoder', 'decoder']);
    expect(weightsOf(model.manifest)).toBe(2 * 9 * 48 * 48);
    expect(await verifyModel(model)).toMatchObject({ id: 'ae', provider: 'cpu' });
    expect(roundTrip).toBeLessThan(30); // the layers blur
  });

  test('tells moments from a latent by the channels, also where the decoder does not say how many it takes', async () => {
    const found = async (id: string, moments: boolean, stated?: string) => {
      const graphs = autoencoderGraphs({ moments, ...(stated ? { stated } : {}) });
      const { manifest, roundTrip } = await add(graphs, { id, multiple: 2, reach: 0 });
      expect(roundTrip).toBeGreaterThan(100); // nothing is lost
      return [manifest.parts.encoder.gives, manifest.latent.channels];
    };
    expect(await found('a', false)).toEqual(['latent', 12]);
    expect(await found('b', true)).toEqual(['moments', 12]);
    expect(await found('c', false, 'c')).toEqual(['latent', 12]);
    expect(await found('d', true, 'c')).toEqual(['moments', 12]);
  });

  test('takes the word of the user where the graphs cannot know', async () => {
    const said = {
      range: [-1, 1],
      outputRange: [0, 255],
      colour: 'BGR',
      multiple: 8,
      reach: 3,
      maxPixels: 4096,
    } as const;
    const { manifest, roundTrip } = await add(autoencoderGraphs(), said);
    const { encoder, decoder } = manifest.parts;
    expect([encoder.reach, decoder.reach, manifest.multiple, manifest.maxPixels]).toEqual([3, 3, 8, 4096]);
    expect([encoder.input.range, decoder.output.range, encoder.input.colour]).toEqual([[-1, 1], [0, 255], 'BGR']);
    expect(roundTrip).toBeLessThan(12); // what a wrong range looks like
  });

  test.each<[string, Partial<ReturnType<typeof autoencoderGraphs>>, string]>([
    ['a decoder of another latent', { decoder: autoencoderGraphs({ factor: 3 }).decoder }, 'ae decoder input'],
    ['the same file twice', { decoder: autoencoderGraphs().encoder }, 'ae decoder input'],
    ['an encoder that gives no numbers', { encoder: notANumberGraph() }, 'finite numbers'],
    ['an encoder that enlarges', { encoder: restorerGraph({ scale: 2 }) }, 'ae encoder output'],
    ['what is no graph', { decoder: Uint8Array.of(1, 2, 3) }, 'my-decoder.onnx'],
    ['a decoder that gives no picture', { decoder: identityGraph() }, 'ae decoder'],
  ])('refuses %s and leaves nothing behind', async (_, changed, named) => {
    const told = await refusal(add({ ...autoencoderGraphs(), ...changed }));
    expect(told).toMatch(/^IR_E_MODEL/);
    expect(told).toContain(named);
    expect(await installed()).toEqual([]);
  });

  test('refuses an id that is taken, and a multiple that the factor does not divide', async () => {
    await add(autoencoderGraphs(), { multiple: 2, reach: 0 });
    expect(await refusal(add(autoencoderGraphs()))).toMatch(/^IR_E_USAGE id: expected one that is free/);
    expect(await refusal(add(autoencoderGraphs(), { id: 'odd', multiple: 5, reach: 0 }))).toMatch(/^IR_E_/);
    expect(await installed()).toEqual(['ae']);
  });
});

describe('its manifest', () => {
  test('is checked: channels that do not agree, sides, keys', async () => {
    const { manifest } = await add(autoencoderGraphs(), { multiple: 2, reach: 0 });
    const problem = (change: (copy: typeof manifest & Record<string, unknown>) => void) => {
      const copy = structuredClone(manifest) as typeof manifest & Record<string, unknown>;
      change(copy);
      try {
        parseManifest(copy, 'm');
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(problem(() => {})).toBe('accepted');
    expect(problem((m) => Object.assign(m.latent, { channels: 4 }))).toMatch(
      /parts\.decoder\.input\.shape.*4 channels/s,
    );
    expect(problem((m) => Object.assign(m, { multiple: 3 }))).toMatch(/multiple.*latent\.factor, 2/s);
    expect(problem((m) => Object.assign(m.latent, { normalisation: { mean: [0], deviation: [1] } }))).toMatch(
      /normalisation\.mean.*12 numbers/s,
    );
    expect(problem((m) => Object.assign(m.parts, { denoiser: {} }))).toMatch(/denoiser/);
  });
});
