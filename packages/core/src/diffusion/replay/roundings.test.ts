import { describe, expect, test } from '@jest/globals';
import { euler, makeSchedule, type SamplerPlan, sample, sigmaList } from '../index.js';
import { silent } from '../testing/toy.js';
import { libraryRoundings } from './roundings.js';

const COSINE = makeSchedule({ law: 'cosine', precision: 'single' });
const plan: SamplerPlan = euler(COSINE, sigmaList(COSINE, [999, 700, 400, 100], { single: true }));
const start = Float32Array.from({ length: 64 }, (_, i) => (i / 32 - 1) * plan.initialScale);

async function run(cls: string | undefined) {
  const steps = [];
  const arithmetic = cls ? libraryRoundings(cls, 'eps') : undefined;
  const model = (z: Float32Array) => z.map((value) => 0.999 * value);
  for await (const step of sample({ plan, model, noise: silent, z: start, arithmetic })) steps.push(step);
  return steps;
}

/** Largest difference of the k-th samples, by the size of the sample that the run ends with. */
const apart = (a: Awaited<ReturnType<typeof run>>, b: typeof a, k: number) =>
  Math.max(...a[k]!.z.map((value, i) => Math.abs(value - b[k]!.z[i]!))) / Math.max(...a.at(-1)!.z.map(Math.abs));

describe('the library’s order of float32 operations', () => {
  test('moves a run that begins at 20291 by its rounding there, and by no more', async () => {
    const [ours, library] = [await run(undefined), await run('EulerDiscreteScheduler')];
    expect(library).toHaveLength(4);
    expect(apart(ours, library, 0)).toBeGreaterThan(1e-6);
    expect(apart(ours, library, 3)).toBeLessThan(1e-2);
  });

  test('is taken for none but the first step: from there on both are the same to seven digits', async () => {
    const roundings = libraryRoundings('EulerDiscreteScheduler', 'eps')!;
    const [z, m] = [Float32Array.of(1, 2), Float32Array.of(0.1, 0.2)];
    const taken = plan.steps.map((step) => roundings.take(step, { z, m }) !== undefined);
    const scaled = plan.steps.map((step) => roundings.input(step, z) !== undefined);
    expect([taken, scaled]).toEqual([
      [true, false, false, false],
      [true, false, false, false],
    ]);
  });

  test('classes that never leave the data’s scale have none', () => {
    for (const cls of ['DDPMScheduler', 'DDIMScheduler']) expect(libraryRoundings(cls, 'v')).toBeUndefined();
  });
});
