import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { degrade, PRESETS, parseDegradation } from '../../degradation/index.js';
import { crop, decode, type Image, toDepth } from '../../image/index.js';
import { random, randomImage } from '../../image/testing/pictures.js';
import { classicalRestorers, richardsonLucyRestorer, wienerRestorer } from './index.js';
import { interpolate, richardsonLucyConstants, wienerConstants } from './tuned.js';

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
  } catch (error) {
    expect((error as Error).message).toMatch(/expected .*, got /);
    return (error as { code: string }).code;
  }
  return 'accepted';
};

const psnr = (a: Image, b: Image) =>
  -10 * Math.log10(a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0) / a.data.length);

/** Smooth shapes and edges: what a photograph has and noise has not. */
function scene(width: number, height: number): Image {
  const next = random(7);
  const discs = Array.from(
    { length: 25 },
    () => [next() * width, next() * height, 3 + 9 * next(), next(), next(), next()] as const,
  );
  const data = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let colour = [0.2 + (0.3 * x) / width, 0.5, 0.7 - (0.4 * y) / height];
      for (const [cx, cy, r, ...paint] of discs) if (Math.hypot(x - cx, y - cy) < r) colour = paint;
      for (let c = 0; c < 3; c++) data[(c * height + y) * width + x] = colour[c]!;
    }
  }
  return toDepth({ width, height, channels: 3, depth: 32, data }, 8);
}

describe('the constants', () => {
  test('are read from the assets, sorted by sigma, and carry their provenance', () => {
    for (const { nodes, provenance } of [wienerConstants(), richardsonLucyConstants()]) {
      const sigmas = nodes.map(({ sigma }) => sigma);
      expect(sigmas).toEqual([...sigmas].sort((a, b) => a - b));
      expect(sigmas).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 7, 10, 15, 20]));
      expect(provenance.command).toMatch(/^node scripts\/tune-classical\.mjs/);
      expect(provenance.dataHash).toMatch(/^[0-9a-f]{64}$/);
      for (const { gain } of nodes) expect(gain).toBeGreaterThan(0);
    }
    for (const { iterations } of richardsonLucyConstants().nodes)
      expect(iterations).toBeLessThanOrEqual(richardsonLucyConstants().limit);
  });

  test('between nodes: linear in the logarithms; beyond them: the outermost', () => {
    const nodes = [
      [1, 0.01],
      [4, 0.0001],
    ] as const;
    expect([0.1, 1, 4, 30].map((sigma) => interpolate(nodes, sigma))).toEqual(
      [0.01, 0.01, 0.0001, 0.0001].map((v) => expect.closeTo(v, 12)),
    );
    expect(interpolate(nodes, 2)).toBeCloseTo(0.001, 12);
  });
});

describe.each(classicalRestorers.map((definition) => [definition.id, definition] as const))('%s', (id, definition) => {
  test.each(['Blur1', 'blur[sigma=2]', 'blur[sigma=3,border=symmetric]', 'blur[sigma=5,k=21]'])(
    'wins over doing nothing: %s',
    async (text) => {
      const sharp = scene(120, 90);
      const degradation = parseDegradation(text);
      const blurred = await degrade(sharp, degradation);
      const restorer = await definition.create({});
      const seen: number[] = [];
      const restored = await restorer.restore(blurred, {
        degradation,
        onProgress: ({ completed, total }) => seen.push(completed / total),
      });
      expect(psnr(toDepth(restored, 8), sharp)).toBeGreaterThan(psnr(blurred, sharp) + 1);
      expect(seen.at(-1)).toBe(1);
      expect(restored).toMatchObject({ width: 120, height: 90, channels: 3, depth: 32 });
      expect(restored.data.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(await restorer.restore(blurred, { degradation })).toEqual(restored);
    },
  );

  test('keeps grey grey and carries alpha along', async () => {
    const image = randomImage(1, { channels: 1, alpha: true, width: 20, height: 15 });
    const restored = await (await definition.create({})).restore(image, { degradation: PRESETS[2]! });
    expect(restored).toMatchObject({ channels: 1, alpha: image.alpha });
  });

  test('refuses a degradation that it cannot undo', async () => {
    const restorer = await definition.create({});
    const image = randomImage(1);
    for (const text of [
      'SR2',
      'blur[sigma=1]|down[x2]',
      'blur[sigma=1]|blur[sigma=2]',
      'noise[gauss,sigma=5]',
      'blur[sigma=1]|noise[gauss,sigma=5]',
      'round8',
    ]) {
      expect(`${text} ${await codeOf(restorer.restore(image, { degradation: parseDegradation(text) }))}`).toBe(
        `${text} IR_E_DEGRADATION`,
      );
    }
    expect(await codeOf(restorer.restore(image))).toBe('IR_E_DEGRADATION');
    expect(restorer).toMatchObject({ id, family: 'classical', scale: 1, needs: { degradation: true } });
  });

  test('names its constants in its identity; unknown settings come with a suggestion', async () => {
    const { identity } = await definition.create({});
    expect(identity).toMatch(/tuned\(.*\b20:/);
    const key = id === 'wiener' ? 'nsr' : 'iterations';
    const set = await definition.create({ [key]: 3 });
    expect(set.identity).not.toBe(identity);
    expect(await codeOf(definition.create({ [`${key}s`]: 3 }))).toBe('IR_E_SCHEMA');
    // A constant given by hand serves what the tuned ones do not.
    const noisy = parseDegradation('blur[sigma=1]|noise[gauss,sigma=5]');
    expect(await codeOf(set.restore(randomImage(1), { degradation: noisy }))).toBe('accepted');
  });

  test('aborts, and is of no use once disposed of', async () => {
    const restorer = await definition.create({});
    const options = { degradation: PRESETS[2]!, signal: AbortSignal.abort(new Error('enough')) };
    await expect(restorer.restore(randomImage(1), options)).rejects.toThrow('enough');
    await restorer.dispose();
    await restorer.dispose();
    expect(await codeOf(restorer.restore(randomImage(1), { degradation: PRESETS[2]! }))).toBe('IR_E_DISPOSED');
  });
});

test('Wiener refuses the one border that no cosine transform fits; Richardson-Lucy takes it', async () => {
  const degradation = parseDegradation('blur[sigma=1,border=replicate]');
  const [wiener, lucy] = [await wienerRestorer.create({}), await richardsonLucyRestorer.create({})];
  expect(await codeOf(wiener.restore(randomImage(1), { degradation }))).toBe('IR_E_DEGRADATION');
  expect(await codeOf(lucy.restore(randomImage(1), { degradation }))).toBe('accepted');
});

const kodak = join(import.meta.dirname, '../../../../../../shared/data/kodak/4.png');
(existsSync(kodak) ? test : test.skip)(
  'on a photograph it has not seen (../shared/data/kodak): well above the blurred one at every sigma of the study',
  async () => {
    const sharp = crop(await decode(kodak), { x: 100, y: 250, width: 320, height: 256 });
    for (const sigma of [1, 4, 20]) {
      const degradation = parseDegradation(`blur[sigma=${sigma}]`);
      const blurred = await degrade(sharp, degradation);
      for (const definition of classicalRestorers) {
        const restored = await (await definition.create({})).restore(blurred, { degradation });
        expect(psnr(toDepth(restored, 8), sharp)).toBeGreaterThan(psnr(blurred, sharp) + 0.8);
      }
    }
  },
);
