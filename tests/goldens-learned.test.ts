import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addModel, decode, type Metric, type MetricSettings } from '@ir/core';
import { createMetrics, scorePair } from '@ir/metrics';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const present = existsSync(join(DATA, 'weights', 'lpips_squeeze.onnx'));
if (!present) console.warn('SKIPPED: values of learned metrics need the weights of ../shared/data, which is absent');

/**
 * Values that come with the weights (README of ../shared/data/weights, printed to the digits given): LPIPS v0.1 through SqueezeNet 1.1, and distances
 * of EfficientNet-Lite0's embeddings over whole pictures.
 */
const LPIPS = [
  { name: 'ex_ref', value: 0 },
  { name: 'ex_p0', value: 0.71121 },
  { name: 'ex_p1', value: 0.14794 },
];
const ENCODER = [
  { name: 'tid_I03', 'align-cls-cos': 0.86049, 'align-patch-cos': 0.94928, 'align-cls-mse': 0.170879 },
  { name: 'tid_I06', 'align-cls-cos': 0.0216, 'align-patch-cos': 0.0572, 'align-cls-mse': 0.000873 },
];

(present ? describe : describe.skip)('learned metrics on real weights, installed as a user installs them', () => {
  let folder: string;
  const before = process.env.IR_MODELS_DIR;
  const used: Metric[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ir-weights-'));
    process.env.IR_MODELS_DIR = folder;
    await addModel(join(DATA, 'weights', 'lpips_squeeze.onnx'));
    await addModel(join(DATA, 'weights', 'efficientnet_lite0.onnx'));
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.IR_MODELS_DIR;
    else process.env.IR_MODELS_DIR = before;
    await Promise.all(used.map((metric) => metric.dispose?.()));
    await rm(folder, { recursive: true });
  });

  const made = (aliases: readonly string[], settings: MetricSettings = {}) => {
    const metrics = createMetrics(aliases, settings);
    used.push(...metrics);
    return metrics;
  };
  const picture = (name: string) => decode(join(DATA, 'goldens', `${name}.png`));

  test.each(LPIPS)('LPIPS-squeeze of ex_ref and $name: $value', async ({ name, value }) => {
    const input = { reference: await picture('ex_ref'), image: await picture(name) };
    const { 'lpips-squeeze': score } = await scorePair(input, made(['lpips-squeeze']));
    expect(Math.abs(score!.value! - value)).toBeLessThanOrEqual(5.1e-6);
  });

  test.each(ENCODER)('alignment of $name through EfficientNet-Lite0', async ({ name, ...values }) => {
    const input = { reference: await picture(`${name}_reference`), image: await picture(`${name}_distorted`) };
    const scores = await scorePair(
      input,
      made(Object.keys(values), { encoder: 'efficientnet_lite0', alignment: 'gt' }),
    );
    for (const [alias, value] of Object.entries(values))
      expect(Math.abs(scores[alias]!.value! - value)).toBeLessThanOrEqual(alias === 'align-cls-mse' ? 5.1e-7 : 5.1e-6);
  });

  test('a picture against itself is 0 in every one', async () => {
    const reference = await picture('tid_I06_reference');
    const aliases = ['lpips-squeeze', 'align-cls-cos', 'align-cls-l2', 'align-cls-mse', 'align-patch-cos'];
    const settings = { encoder: 'efficientnet-lite0', alignment: 'gt' } as const;
    const scores = await scorePair({ reference, image: reference }, made(aliases, settings));
    for (const alias of aliases) expect(Math.abs(scores[alias]!.value!)).toBeLessThan(1e-6);
  });
});
