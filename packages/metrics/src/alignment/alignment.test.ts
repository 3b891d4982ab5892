import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addModel,
  crop,
  degrade,
  type Image,
  imageHash,
  type Metric,
  type MetricInput,
  type MetricSettings,
  parseDegradation,
} from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encoderGraph } from '../../../core/src/testing/metric-graphs.js';
import { useModels } from '../../../core/src/testing/models-folder.js';
import { createMetrics, metricFromIdentity } from '../registry.js';
import { noisy, wavyImage } from '../testing/pictures.js';
import { deviationMap, drawDeviation } from './deviation.js';
import { cosineDistance, meanSquare, unitDistance } from './distances.js';

let folder: string;
let restoreModels: () => void;
const used: Metric[] = [];

async function install(bytes: Uint8Array, id: string): Promise<void> {
  const path = join(folder, `${id}.onnx`);
  await writeFile(path, bytes);
  await addModel(path, { multiple: 8 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-alignment-'));
  restoreModels = useModels(join(folder, 'models'));
  await install(encoderGraph(), 'colours');
  await install(encoderGraph({ tokens: false }), 'mean-only');
});
afterAll(async () => {
  restoreModels();
  await Promise.all(used.map((metric) => metric.dispose?.()));
  await rm(folder, { recursive: true });
});

const ALIASES = ['align-cls-cos', 'align-cls-l2', 'align-cls-mse', 'align-patch-cos'] as const;

function madeWith(alias: string, settings: MetricSettings): Metric {
  const [metric] = createMetrics([alias], settings);
  used.push(metric!);
  return metric!;
}
const made = (alias: string, settings: MetricSettings = {}) => madeWith(alias, { encoder: 'colours', ...settings });
const applied = (text: string, seed?: number) => ({
  degradation: parseDegradation(text),
  ...(seed === undefined ? {} : { seed }),
});

/** Mean colour of a part, as the small encoder gives it. */
const meanColour = ({ data, width, height }: Image) =>
  Float32Array.from(
    [0, 1, 2],
    (c) => data.subarray(c * width * height, (c + 1) * width * height).reduce((a, b) => a + b) / (width * height),
  );

const reference = wavyImage(1, { width: 43, height: 26 });
const image = noisy(reference, 2, 0.3);
const input: MetricInput = { reference, image };

describe('distances', () => {
  const [a, b] = [Float32Array.of(3, 4), Float32Array.of(4, -3)];
  test('of orthogonal, equal and opposite vectors', () => {
    expect([cosineDistance(a, b), meanSquare(a, b)]).toEqual([1, 25]);
    expect(unitDistance(a, b)).toBeCloseTo(Math.SQRT2, 14);
    expect([cosineDistance(a, a), unitDistance(a, a), meanSquare(a, a)]).toEqual([0, 0, 0]);
    const opposite = a.map((v) => -v);
    expect([cosineDistance(a, opposite), unitDistance(a, opposite)]).toEqual([2, 2]);
    expect(cosineDistance(a, Float32Array.of(0, 0))).toBeNaN();
  });
});

describe('what is compared', () => {
  test('by Eq. 14 the reference and the output, cut at the right and bottom to the multiple', async () => {
    const view = (one: Image) => meanColour(crop(one, { x: 0, y: 0, width: 40, height: 24 }));
    const expected = { 'align-cls-cos': cosineDistance, 'align-cls-l2': unitDistance, 'align-cls-mse': meanSquare };
    for (const [alias, distance] of Object.entries(expected))
      expect((await made(alias, { alignment: 'gt' }).score(input)).value).toBeCloseTo(
        distance(view(reference), view(image)),
        6,
      );
  });

  test('patch by patch for tokens', async () => {
    const parts = Array.from({ length: 15 }, (_, t) => ({
      x: 8 * (t % 5),
      y: 8 * Math.floor(t / 5),
      width: 8,
      height: 8,
    }));
    const distances = parts.map((part) =>
      cosineDistance(meanColour(crop(reference, part)), meanColour(crop(image, part))),
    );
    const mean = distances.reduce((a, b) => a + b) / 15;
    expect((await made('align-patch-cos', { alignment: 'gt' }).score(input)).value).toBeCloseTo(mean, 6);
  });

  test('SR2 and Blur1 go by Eq. 14, SR4 and Blur20 by Eq. 15: D of the output against the input', async () => {
    const original = wavyImage(3, { width: 64, height: 64 });
    const output = noisy(original, 4, 0.3);
    for (const name of ['SR2', 'Blur1', 'SR4', 'Blur20']) {
      const { degradation } = applied(name);
      const [low, again] = [await degrade(original, degradation), await degrade(output, degradation)];
      const expected = ['SR2', 'Blur1'].includes(name)
        ? meanSquare(meanColour(original), meanColour(output))
        : meanSquare(meanColour(low), meanColour(again));
      const pair = { reference: original, image: output, input: low, applied: { degradation } };
      expect((await made('align-cls-mse').score(pair)).value).toBeCloseTo(expected, 6);
    }
  });

  test('another degradation is refused until alignment is stated; an unknown one leaves it undefined', async () => {
    const low = await degrade(reference, applied('blur[sigma=3]').degradation);
    const pair = { ...input, input: low, applied: applied('blur[sigma=3]') };
    await expect(made('align-cls-cos').score(pair)).rejects.toMatchObject({
      code: 'IR_E_USAGE',
      message: expect.stringMatching(/^alignment: expected gt .* for blur\[gauss,sigma=3/),
    });
    const [gt, through] = [
      await made('align-cls-mse', { alignment: 'gt' }).score(pair),
      await made('align-cls-mse', { alignment: 'input' }).score(pair),
    ];
    expect([typeof gt.value, typeof through.value, gt.value === through.value]).toEqual(['number', 'number', false]);
    for (const alias of ALIASES) {
      expect(await made(alias).score(input)).toEqual({ value: null, reason: 'degradation-unknown' });
      expect(await made(alias, { alignment: 'input' }).score({ ...input, input: low })).toEqual({
        value: null,
        reason: 'degradation-unknown',
      });
      expect(await made(alias).score({ image, applied: applied('SR2') })).toEqual({
        value: null,
        reason: 'no-reference',
      });
      expect(await made(alias).score({ image, applied: applied('SR4') })).toEqual({ value: null, reason: 'no-input' });
    }
  });
});

describe('what the encoder sees', () => {
  test('native needs one square of the multiple; crop224 and tiles see other parts', async () => {
    const tiny = wavyImage(1, { width: 7, height: 30 });
    expect(await made('align-cls-cos', { alignment: 'gt' }).score({ reference: tiny, image: tiny })).toEqual({
      value: null,
      reason: 'too-small',
    });
    expect(await made('align-cls-cos', { alignment: 'gt', alignSize: 'tiles' }).score(input)).toEqual({
      value: null,
      reason: 'too-small',
    });
    const large = wavyImage(2, { width: 330, height: 240 });
    const worse = noisy(large, 3, 0.3);
    const values = [];
    for (const alignSize of ['native', 'crop224', 'tiles'] as const)
      values.push(
        (await made('align-patch-cos', { alignment: 'gt', alignSize }).score({ reference: large, image: worse })).value,
      );
    expect(new Set(values).size).toBe(3);
  });

  test('tiles cover the picture: their distances are averaged', async () => {
    const large = wavyImage(2, { width: 330, height: 224 });
    const worse = noisy(large, 3, 0.3);
    const parts = [0, 106].map((x) => ({ x, y: 0, width: 224, height: 224 }));
    const expected = parts.map((part) => meanSquare(meanColour(crop(large, part)), meanColour(crop(worse, part))));
    const { value } = await made('align-cls-mse', { alignment: 'gt', alignSize: 'tiles' }).score({
      reference: large,
      image: worse,
    });
    expect(value).toBeCloseTo((expected[0]! + expected[1]!) / 2, 6);
  });

  test('a crop leaves out the frame of both', async () => {
    const view = (one: Image) => meanColour(crop(one, { x: 3, y: 3, width: 32, height: 16 }));
    const { value } = await made('align-cls-mse', { alignment: 'gt', crop: 3 }).score(input);
    expect(value).toBeCloseTo(meanSquare(view(reference), view(image)), 6);
  });
});

describe('the encoder', () => {
  test('is named in the identity, which reads back', () => {
    const metric = made('align-cls-l2', { alignSize: 'tiles', alignment: 'input', crop: 2 });
    expect(metric.id).toMatch(/^align-cls-l2\[encoder=colours@[0-9a-f]{16},size=tiles,truth=input,crop=2\]@1$/);
    expect(metricFromIdentity(metric.id)).toMatchObject({ alias: 'align-cls-l2', id: metric.id });
  });

  test('unknown, unnamed among several, without tokens: refused', () => {
    expect(() => createMetrics(['align-cls-cos'], { encoder: 'colour' })).toThrow(/Did you mean "colours"/);
    expect(() => createMetrics(['align-cls-cos'])).toThrow(/one of encoder-s, colours, mean-only, got nothing/);
    expect(() => createMetrics(['align-patch-cos'], { encoder: 'mean-only' })).toThrow(/an encoder with tokens/);
  });

  test('without one of the user’s own is the bundled stand-in, by its name; the user’s goes before it', async () => {
    const large = wavyImage(6, { width: 70, height: 96 });
    process.env.IR_MODELS_DIR = join(folder, 'none');
    try {
      for (const alias of ALIASES) {
        const metric = madeWith(alias, { alignment: 'gt' });
        expect(metric.id).toContain('[encoder=encoder-s@');
        expect(metricFromIdentity(metric.id).id).toBe(metric.id);
        expect(made(alias, { encoder: 'encoder_s', alignment: 'gt' }).id).toBe(metric.id);
        const { value } = await metric.score({ reference: large, image: noisy(large, 2, 0.3) });
        expect(value).toBeGreaterThan(0);
        expect((await metric.score({ reference: large, image: large })).value).toBeCloseTo(0, 6);
      }
      process.env.IR_MODELS_DIR = join(folder, 'one');
      await install(encoderGraph(), 'published');
      expect(madeWith('align-cls-cos', {}).id).toContain('[encoder=published@');
      expect(made('align-cls-cos', { encoder: 'encoder-s' }).id).toContain('[encoder=encoder-s@');
    } finally {
      process.env.IR_MODELS_DIR = join(folder, 'models');
    }
  });

  test('the stand-in sees every size: native, crop224, tiles', async () => {
    const large = wavyImage(2, { width: 330, height: 240 });
    const pair = { reference: large, image: noisy(large, 3, 0.3) };
    const values = [];
    for (const alignSize of ['native', 'crop224', 'tiles'] as const)
      values.push(
        (await made('align-cls-cos', { encoder: 'encoder-s', alignment: 'gt', alignSize }).score(pair)).value,
      );
    expect(new Set(values).size).toBe(3);
    for (const value of values) expect(value).toBeGreaterThan(0);
  });
});

describe('consistency', () => {
  const score = (alias: string, given: MetricInput, settings: MetricSettings = {}) =>
    createMetrics([alias], settings)[0]!.score(given);

  test('is PSNR and SSIM between D(output) and the input', async () => {
    const { degradation } = applied('blur[sigma=1.5]|down[x2]');
    const original = wavyImage(5, { width: 60, height: 48 });
    const output = noisy(original, 6, 0.2);
    const low = await degrade(original, degradation);
    const again = await degrade(output, degradation);
    for (const [alias, plain] of [
      ['consistency-psnr', 'psnr'],
      ['consistency-ssim', 'ssim'],
    ] as const)
      expect(await score(alias, { image: output, input: low, applied: { degradation } }, { crop: 1 })).toEqual(
        await score(plain, { reference: low, image: again }, { crop: 1 }),
      );
  });

  test('takes the same noise: the original itself is wholly consistent, by its hash or by the reference', async () => {
    const noise = applied('down[x2]|noise[gauss,sigma=10]', 7);
    const original = wavyImage(8, { width: 51, height: 40 });
    const cut = crop(original, { x: 0, y: 0, width: 50, height: 40 });
    const low = await degrade(cut, noise.degradation, { seed: 7 });
    const given = { image: cut, input: low, applied: noise };
    const perfect = { value: null, reason: 'identical' };
    expect(await score('consistency-psnr', { ...given, reference: original })).toEqual(perfect);
    expect(
      await score('consistency-psnr', { ...given, applied: { ...noise, sourceHash: await imageHash(cut) } }),
    ).toEqual(perfect);
    expect(await score('consistency-psnr', given)).toEqual({ value: null, reason: 'no-reference' });
    expect(
      (await score('consistency-psnr', { ...given, reference: original, applied: { ...noise, seed: 8 } })).value,
    ).toEqual(expect.any(Number));
  });

  test('needs the input and its degradation, of fitting size', async () => {
    expect(await score('consistency-psnr', { image, applied: applied('SR2') })).toEqual({
      value: null,
      reason: 'no-input',
    });
    expect(await score('consistency-ssim', { image, input: image })).toEqual({
      value: null,
      reason: 'degradation-unknown',
    });
    await expect(score('consistency-psnr', { image, input: image, applied: applied('SR2') })).rejects.toMatchObject({
      code: 'IR_E_SIZE',
      message: expect.stringMatching(/^D\(output\): expected the size of input, 43x26, got 22x13/),
    });
  });
});

describe('the deviation map', () => {
  const spoiltAt = (t: number): Image => {
    const original = wavyImage(9, { width: 40, height: 24 });
    const data = original.data.slice();
    const [x0, y0] = [8 * (t % 5), 8 * Math.floor(t / 5)];
    for (let y = y0; y < y0 + 8; y++) for (let x = x0; x < x0 + 8; x++) data[y * 40 + x] = 0; // no red there
    return { ...original, data };
  };
  const original = wavyImage(9, { width: 40, height: 24 });

  test('shows where meaning changed, and its mean is align-patch-cos', async () => {
    const given = { reference: original, image: spoiltAt(7) };
    const map = await deviationMap(given, { encoder: 'colours', alignment: 'gt' });
    expect([map.columns, map.rows, map.side]).toEqual([5, 3, 8]);
    expect(map.values.indexOf(Math.max(...map.values))).toBe(7);
    expect(map.values.filter((v) => v > 1e-6)).toHaveLength(1);
    const mean = map.values.reduce((a, b) => a + b) / 15;
    expect((await made('align-patch-cos', { alignment: 'gt' }).score(given)).value).toBeCloseTo(mean, 12);
    const drawn = drawDeviation(map, { most: Math.max(...map.values) });
    const colourful = (x: number, y: number) => drawn.data[y * 40 + x]! - drawn.data[2 * 960 + y * 40 + x]!;
    expect(colourful(20, 12)).toBeGreaterThan(0.2); // in the middle of square 7: red
    expect(colourful(4, 4)).toBeCloseTo(0, 6); // far away: grey
  });

  test('is refused with the reason where there is nothing to compare', async () => {
    const attempt = (given: MetricInput, settings: MetricSettings) => deviationMap(given, settings);
    await expect(attempt({ image: original }, { encoder: 'colours', alignment: 'gt' })).rejects.toThrow(
      /got no-reference/,
    );
    await expect(attempt({ reference: original, image: original }, { encoder: 'colours' })).rejects.toThrow(
      /got degradation-unknown/,
    );
    await expect(
      attempt({ reference: original, image: original }, { encoder: 'mean-only', alignment: 'gt' }),
    ).rejects.toThrow(/an encoder with tokens, got mean-only/);
  });
});
