import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { comparable, decode, type Image, imageHash, parseDegradation } from '@ir/core';
import { createMetrics, scorePair } from '@ir/metrics';
import { describe, expect, test } from '@jest/globals';
import { goldenPairs } from '../packages/metrics/src/testing/golden-pairs.js';

const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const goldens = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../packages/metrics/goldens/${name}.json`, import.meta.url), 'utf8')) as T;

/** Tolerances as they are promised. NIQE: neither set has many flat windows, where implementations differ by the sign of rounding noise. */
const tolerance = (alias: string, value: number): number =>
  alias.startsWith('psnr') ? 1e-4 : alias.startsWith('niqe') ? 2e-3 * value : alias === 'ms-ssim' ? 6e-5 : 1e-6;

describe('independent tools on pictures that are everywhere', () => {
  interface Pair {
    readonly name: string;
    readonly reference: string;
    readonly image: string;
    readonly values: Readonly<Record<string, { readonly value: number; readonly tool: string }>>;
  }
  const { pairs } = goldens<{ readonly pairs: readonly Pair[] }>('everywhere');
  const made = goldenPairs();

  test.each(pairs)('$name', async ({ name, values, ...hashes }) => {
    const pair = (await made).find((one) => one.name === name)!;
    expect({ reference: await imageHash(pair.reference), image: await imageHash(pair.image) }).toEqual(hashes);
    const scores = await scorePair(pair, createMetrics(Object.keys(values)));
    const wrong = Object.entries(values).flatMap(([alias, { value, tool }]) => {
      const got = scores[alias]!.value ?? Number.NaN;
      return Math.abs(got - value) <= tolerance(alias, value) ? [] : [`${alias}: ${got}, by ${tool} ${value}`];
    });
    expect(wrong).toEqual([]);
  });

  test('would notice another convention', () => {
    // The closest two that stand under different names, over all pairs, differ by more than what is tolerated.
    for (const { values } of pairs)
      for (const [a, b] of [
        ['psnr-y', 'psnr-y-full'],
        ['ssim', 'ssim-same'],
        ['ssim-y', 'ssim-gray'],
        ['ssim', 'ssim-skimage'],
      ] as const)
        expect(Math.abs(values[a]!.value - values[b]!.value)).toBeGreaterThan(10 * tolerance(a, 1));
  });
});

interface Published {
  readonly rows: readonly {
    readonly reference?: string;
    readonly image: string;
    readonly metric: string;
    readonly crop?: number;
    readonly value: number | null;
    readonly tolerance: number;
    readonly source: string;
  }[];
  readonly osediff: {
    readonly images: readonly ({ readonly name: string } & Readonly<
      Record<'psnr-y' | 'ssim-y-pyiqa' | 'niqe-gray', number>
    >)[];
  };
  readonly set5: {
    readonly rows: readonly ({ readonly image: string; readonly scale: number } & Readonly<
      Record<'psnr-y' | 'ssim-y', number>
    >)[];
  };
}

const present = existsSync(DATA);
if (!present) console.warn(`SKIPPED: published values need the pictures of ../shared/data, which is absent`);

(present ? describe : describe.skip)('published values', () => {
  const { rows, osediff, set5 } = goldens<Published>('published');
  const picture = (path: string): Promise<Image> => decode(join(DATA, path));

  test.each(rows.map((row) => ({ crop: 0, ...row })))('$metric of $image, crop $crop: $value', async (row) => {
    const { reference, image, metric, crop, value } = row;
    const input = { image: await picture(image), ...(reference ? { reference: await picture(reference) } : {}) };
    const { [metric]: score } = await scorePair(input, createMetrics([metric], { crop }));
    if (value === null) expect(score).toMatchObject({ value: null, reason: 'identical' });
    else expect(Math.abs(score!.value! - value)).toBeLessThanOrEqual(row.tolerance);
  });

  test.each(osediff.images)("OSEDiff's output of $name", async ({ name, ...published }) => {
    const input = {
      reference: await picture(`osediff/${name}_hr.png`),
      image: await picture(`osediff/${name}_osediff.png`),
    };
    const scores = await scorePair(input, createMetrics(['psnr-y', 'ssim-y-pyiqa', 'niqe-gray']));
    expect(Math.abs(scores['psnr-y']!.value! - published['psnr-y'])).toBeLessThanOrEqual(1e-4);
    expect(Math.abs(scores['ssim-y-pyiqa']!.value! - published['ssim-y-pyiqa'])).toBeLessThanOrEqual(1e-4);
    expect(Math.abs(scores['niqe-gray']!.value! / published['niqe-gray'] - 1)).toBeLessThanOrEqual(5e-3);
  });

  test.each(set5.rows)('bicubic x$scale of $image', async ({ image, scale, ...published }) => {
    const task = await comparable(await picture(image), parseDegradation(`SR${scale}`));
    const input = { reference: task.reference, image: task.comparable };
    const scores = await scorePair(input, createMetrics(['psnr-y', 'ssim-y'], { crop: scale }));
    for (const metric of ['psnr-y', 'ssim-y'] as const)
      expect(Math.abs(scores[metric]!.value! - published[metric])).toBeLessThanOrEqual(5.1e-5);
  });
});
