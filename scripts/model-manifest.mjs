#!/usr/bin/env node
/**
 * Writes models/ID/manifest.json for a model that training/ has exported: `node scripts/model-manifest.mjs ID`.
 * Hashes, sizes and parameter counts come from the files; multiples, reaches, normalisation and schedule from training.json; the rest is fixed
 * by the recipe's ports.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseManifest, readOnnx } from '@ir/core';

const [id] = process.argv.slice(2);
if (!id) {
  console.error('usage: node scripts/model-manifest.mjs ID');
  process.exit(2);
}
const models = new URL('../models/', import.meta.url);
const folder = new URL(`${id}/`, models);
const read = (name) => readFileSync(new URL(name, folder));
const training = JSON.parse(read('training.json'));

/** A file of the model, as every manifest names it. */
function named(file) {
  const bytes = read(file);
  return { file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** A graph with its parameters as papers count them. */
function graphPart(file) {
  const { weights, allInitializers } = readOnnx(read(file));
  return { graph: named(file), parameters: { weights, allInitializers } };
}

const picture = (name) => ({
  name,
  shape: ['batch', 3, 'height', 'width'],
  dtype: 'float32',
  layout: 'NCHW',
  range: [0, 1],
  colour: 'RGB',
});

const common = { schema: 'ir.model/1', id, licence: 'Apache-2.0', source: 'training/ of this project' };

const restorer = () => ({
  ...common,
  kind: 'restorer',
  title: 'Compact blind restorer of equal size (blur, bicubic super-resolution brought up, noise)',
  ...graphPart(`${id}.onnx`),
  input: picture('input'),
  output: picture('output'),
  scale: 1,
  multiple: training.multiple,
  reach: training.reach,
  maxPixels: 1_600_000,
  tasks: 'Gaussian blur sigma 0..20, SR2 and SR4 brought up by bicubic, Gaussian noise 0..25/255, clean pictures',
});

const encoder = () => ({
  ...common,
  kind: 'encoder',
  title: 'Stand-in encoder, taught by EfficientNet-Lite0',
  ...graphPart(`${id}.onnx`),
  input: picture('image'),
  embedding: { name: 'embedding' },
  tokens: { name: 'tokens' },
  multiple: training.multiple,
  smallest: training.multiple,
  tasks: 'alignment (Eq. 13-15) while no published encoder is installed; not DINOv2',
});

/** M_phi as it is installed now: the latents were made with it. */
function initialModel() {
  const { id: initial, graph } = JSON.parse(
    readFileSync(new URL(`${training.initialRestoration}/manifest.json`, models)),
  );
  return { kind: 'model', id: initial, sha256: graph.sha256 };
}

function latentDiffusion() {
  const { channels, factor, mean, deviation } = training.latent;
  const reach = Object.fromEntries(Object.entries(training.parts).map(([name, part]) => [name, part.reach]));
  const grid = (name) => ({ name, shape: ['batch', channels, 'height', 'width'] });
  const { length, aliases } = JSON.parse(read('caption.json'));
  const { width } = training.config.parts.denoiser.text;
  const context = { name: 'context', shape: ['batch', length, width] };
  return {
    ...common,
    kind: 'latent-diffusion',
    title: 'Small conditional latent diffusion model: f8 autoencoder of 16 channels, text, restorer-s before it',
    tasks: 'Gaussian blur, SR2, SR4 (brought up by bicubic), noise; asks for sharp photographs unless told otherwise',
    parts: {
      initial: initialModel(),
      encoder: {
        ...graphPart('encoder.onnx'),
        input: picture('image'),
        output: grid('latent'),
        gives: 'latent',
        reach: reach.encoder,
      },
      decoder: { ...graphPart('decoder.onnx'), input: grid('latent'), output: picture('image'), reach: reach.decoder },
      text: {
        kind: 'encoders',
        encoders: [
          {
            ...graphPart('text.onnx'),
            tokenizer: { kind: 'words', ...named('words.txt'), length, pad: '<pad>', aliases },
            tokens: { name: 'tokens', shape: ['batch', length] },
            context,
          },
        ],
      },
      captioner: { kind: 'measured', ...named('caption.json') },
      denoiser: {
        ...graphPart('denoiser.onnx'),
        inputs: {
          latent: grid('x'),
          time: { name: 't', shape: ['batch'], dtype: 'float32' },
          condition: grid('hint'),
          context,
        },
        output: grid('v'),
        prediction: training.schedule.prediction,
      },
    },
    latent: { channels, factor, normalisation: { mean, deviation } },
    schedule: { law: training.schedule.law, steps: training.schedule.steps },
    multiple: training.picture.multiple,
    minSide: 32,
    maxPixels: 1_600_000,
    tile: { size: 512, overlap: 128 },
    defaults: training.config.defaults,
  };
}

const kinds = { 'latent-diffusion': latentDiffusion, encoder, restorer };
const described = kinds[training.config.kind ?? 'restorer']();
const manifest = parseManifest(described, `models/${id}/manifest.json`);
writeFileSync(new URL('manifest.json', folder), `${JSON.stringify(manifest, null, 2)}\n`);
const graphs =
  manifest.kind === 'latent-diffusion'
    ? Object.values(training.parts).map(({ file }) => named(file))
    : [manifest.graph];
for (const { file, sha256, bytes } of graphs)
  console.log(`${id}/${file}: ${(bytes / 1e6).toFixed(2)} MB, sha256 ${sha256}`);
