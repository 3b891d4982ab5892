import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openLatentRestorer } from './latent.js';
import { formulaPicture, readJson, tinyFolder, tinyModel } from './testing/models.js';

interface GoldenRun {
  readonly settings: { readonly seed: string } & Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly t: number;
    readonly absMean: number;
    readonly z: number[];
    readonly x0: number[];
  }[];
  readonly latent: number[];
  readonly image: number[];
}

const absMean = (values: Float32Array) => values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;
const every = (values: Float32Array, n: number) => Array.from(values).filter((_, i) => i % n === 0);

/** Largest difference relative to a scale. */
function farthest(got: ArrayLike<number>, wanted: readonly number[], scale = 1): number {
  expect(got.length).toBe(wanted.length);
  return wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(got[i]! - value) / scale), 0);
}

describe.each(['diffbir-tiny', 'supir-tiny'])(
  '%s against a loop in PyTorch (training/export/tiny_ldm.py, torch 2.13.0)',
  (name) => {
    const { meta, runs } = readJson(join(tinyFolder(name), 'golden.json')) as {
      meta: { picture: [number, number] };
      runs: GoldenRun[];
    };
    const image = formulaPicture(...meta.picture);

    test.each(runs.map((run, i) => [i, run] as const))(
      'run %i, step by step',
      async (_, { settings, steps, latent, image: wanted }) => {
        const { seed, ...rest } = settings;
        const restorer = await openLatentRestorer(tinyModel(name), { settings: rest });
        try {
          let k = 0;
          let last: Awaited<ReturnType<typeof restorer.restore>> | undefined;
          for await (const step of restorer.steps(image, { seed: BigInt(seed) })) {
            const golden = steps[k++]!;
            expect(step.t).toBe(golden.t);
            // Relative to the step's mean: 1e-4 is asked for, 1e-5 holds; figures stand in the file with seven digits.
            expect(Math.abs(absMean(step.z.data) / golden.absMean - 1)).toBeLessThan(1e-5);
            expect(farthest(every(step.z.data, 17), golden.z, golden.absMean)).toBeLessThan(1e-5);
            expect(farthest(every(step.x0.data, 17), golden.x0, absMean(step.x0.data))).toBeLessThan(1e-4);
            if (k === steps.length) {
              expect(farthest(step.z.data, latent, golden.absMean)).toBeLessThan(1e-4);
              last = await step.decode('z');
            }
          }
          expect(k).toBe(steps.length);
          expect(farthest(every(last!.data, 23), wanted)).toBeLessThan(1e-4);
        } finally {
          await restorer.dispose();
        }
      },
    );
  },
);
