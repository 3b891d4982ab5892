#!/usr/bin/env node
/**
 * Writes models/ID/manifest.json for a network that training/ has exported: `node scripts/model-manifest.mjs ID`.
 * Hash, size and parameter count come from the graph; size multiple and reach from training.json; the rest is fixed by the recipe's ports.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseManifest, readOnnx } from '@ir/core';

const [id] = process.argv.slice(2);
if (!id) {
  console.error('usage: node scripts/model-manifest.mjs ID');
  process.exit(2);
}
const folder = new URL(`../models/${id}/`, import.meta.url);
const graph = readFileSync(new URL(`${id}.onnx`, folder));
const training = JSON.parse(readFileSync(new URL('training.json', folder), 'utf8'));
const port = (name) => ({
  name,
  shape: ['batch', 3, 'height', 'width'],
  dtype: 'float32',
  layout: 'NCHW',
  range: [0, 1],
  colour: 'RGB',
});
const { weights, allInitializers } = readOnnx(graph);

const manifest = parseManifest(
  {
    schema: 'ir.model/1',
    id,
    kind: 'restorer',
    title: 'Compact blind restorer of equal size (blur, bicubic super-resolution brought up, noise)',
    graph: { file: `${id}.onnx`, sha256: createHash('sha256').update(graph).digest('hex'), bytes: graph.length },
    input: port('input'),
    output: port('output'),
    scale: 1,
    multiple: training.multiple,
    reach: training.reach,
    maxPixels: 1_600_000,
    parameters: { weights, allInitializers },
    licence: 'Apache-2.0',
    source: 'training/ of this project',
    tasks: 'Gaussian blur sigma 0..20, SR2 and SR4 brought up by bicubic, Gaussian noise 0..25/255, clean pictures',
  },
  `models/${id}/manifest.json`,
);
writeFileSync(new URL('manifest.json', folder), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${id}: ${weights} parameters, ${(graph.length / 1e6).toFixed(2)} MB, sha256 ${manifest.graph.sha256}`);
