import { describe, expect, test } from '@jest/globals';
import {
  ddim,
  ddpm,
  dpmSolver,
  euler,
  heun,
  onePrediction,
  philoxNoise,
  pullTowards,
  respaced,
  type SamplerPlan,
  sample,
  sgmTimes,
  sigmaList,
  stableDiffusion,
  startFrom,
  startFromNoise,
} from './index.js';
import { finish, silent, toy } from './testing/toy.js';

const SD = stableDiffusion();
describe('scalar goldens (REFERENCE B.7 b: float64, x_T = 1, m = x t / (t + 1))', () => {
  const spaced = (n: number) => ddpm(SD, { times: respaced(n).reverse(), variance: 'none' });
  const sgm = () => euler(SD, { ...sigmaList(SD, sgmTimes(10)), start: 'sqrt(sigma^2+1)' });
  const near = (got: number, want: number) =>
    expect(Math.abs(got - want)).toBeLessThan(2e-6 * Math.max(1, Math.abs(want)));

  test('ancestral, mean only', async () => {
    near((await finish(spaced(5), [1])).z[0]!, 0.0288422362622);
    near((await finish(spaced(10), [1])).z[0]!, 0.0250063182642);
    for await (const first of sample({ plan: spaced(10), model: toy, noise: silent, z: Float32Array.of(1) })) {
      near(first.x0[0]!, 0.0487869564166);
      break;
    }
  });

  test('posterior coefficients of the 50-step list', () => {
    const { steps } = ddpm(SD, { times: respaced(50).reverse() });
    const at = (i: number) => steps[49 - i]!;
    for (const [i, t, small, c1, c2] of [
      [1, 20, 0.00081202, 0.95491644, 0.04508164],
      [25, 510, 0.09272287, 0.07059724, 0.91436624],
      [49, 999, 0.21159199, 0.01636704, 0.88665598],
    ] as const) {
      expect(at(i).t).toBe(t);
      expect(at(i).noise ** 2).toBeCloseTo(small, 7);
      expect(at(i).q).toBeCloseTo(c1, 7);
      expect(at(i).a).toBeCloseTo(c2, 7);
    }
  });

  test('latent diffusion’s DDIM', async () => {
    const times = Array.from({ length: 10 }, (_, i) => 901 - 100 * i);
    near((await finish(ddim(SD, { times, finalAlphaBar: 'first' }), [1])).z[0]!, 0.47785709457);
  });

  test('Euler in sigma space, and with restoration guidance', async () => {
    const plan = sgm();
    near((await finish(plan, [plan.initialScale])).z[0]!, 0.454438256391);
    const correction = pullTowards({ target: Float32Array.of(0.3), power: 4 });
    near((await finish(plan, [plan.initialScale], { correction })).z[0]!, 0.461330288032);
  });

  test('one-step prediction', async () => {
    near((await finish(onePrediction(SD, 199), [1])).z[0]!, 0.58425058362);
    near((await finish(onePrediction(SD, 999), [1])).z[0]!, 0.0487869564166);
  });

  test.each(['fixed-small', 'fixed-large'] as const)(
    'ancestral sampling draws nothing in its last step: %s',
    (variance) => {
      for (const times of [[999], [999, 500], respaced(5).reverse()]) {
        const noise = (more: object) => ddpm(SD, { times, variance, ...more }).steps.map((step) => step.noise > 0);
        expect(noise({}).at(-1)).toBe(false);
        expect(noise({}).slice(0, -1).every(Boolean)).toBe(true);
        expect(noise({ noiseAtEnd: true }).at(-1)).toBe(times.at(-1)! > 0);
      }
    },
  );
});

describe('runs', () => {
  const plan = ddim(SD, { times: respaced(20).reverse(), eta: 1 });
  const noise = philoxNoise(7n, '12'.repeat(32));

  test('same seed, same bytes, whatever the threads; another seed, another sample', async () => {
    const z = await startFromNoise(plan, 4096, noise);
    const runs = [];
    for (const threads of [1, 2, 3]) runs.push((await finish(plan, z, { noise, exec: { threads } })).z);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    const other = await startFromNoise(plan, 4096, philoxNoise(8n, '12'.repeat(32)));
    expect(other).not.toEqual(z);
  });

  test('a start inside: signal z_0 + level eps, then the rest of the list', async () => {
    const clean = new Float32Array(4096).fill(1);
    const { signal, level } = plan.steps[9]!;
    const z = await startFrom(plan, 9, clean, noise);
    const mean = z.reduce((a, b) => a + b, 0) / z.length;
    const spread = Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length);
    expect(Math.abs(mean - signal)).toBeLessThan(0.05);
    expect(Math.abs(spread - level)).toBeLessThan(0.05);
    let steps = 0;
    for await (const _ of sample({ plan, start: 9, model: toy, noise, z })) steps++;
    expect(steps).toBe(11);
    await expect(startFrom(plan, 20, clean, noise)).rejects.toMatchObject({ code: 'IR_E_USAGE' });
  });

  test.each([
    ['ddim', plan],
    ['dpm-solver++, which looks back', dpmSolver(SD, sigmaList(SD, respaced(8).reverse()))],
  ])('recycled memory gives the same samples: %s', async (_, steps) => {
    const options = { plan: steps, model: toy, noise, z: new Float32Array(64).fill(0.5) };
    const arrays = new Set<Float32Array>();
    const kept: number[] = [];
    for await (const { z } of sample(options)) kept.push(z[0]!);
    for (const recycle of ['all', 'z'] as const) {
      const seen: number[] = [];
      for await (const { z } of sample({ ...options, recycle })) {
        seen.push(z[0]!);
        arrays.add(z);
      }
      expect(seen).toEqual(kept);
    }
    expect(arrays.size).toBeLessThanOrEqual(6);
  });

  test('where z alone is wanted x0 is left out, unless the method needs it', async () => {
    const lengths = async (from: SamplerPlan) => {
      const found = new Set<number>();
      const options = { plan: from, model: toy, noise, z: new Float32Array(64), recycle: 'z' as const };
      for await (const { x0 } of sample(options)) found.add(x0.length);
      return [...found];
    };
    expect(await lengths(plan)).toEqual([0]);
    expect(await lengths(dpmSolver(SD, sigmaList(SD, respaced(8).reverse())))).toEqual([64]);
  });

  test('ends within a step of an abort, with the signal’s reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let seen = 0;
    const run = async () => {
      for await (const _ of sample({ plan, model: toy, noise, z: new Float32Array(16), signal: controller.signal }))
        if (++seen === 3) controller.abort(reason);
    };
    await expect(run()).rejects.toBe(reason);
    expect(seen).toBe(3);
  });

  test('an inside start of Heun needs its predictor', async () => {
    const plan2 = heun(SD, sigmaList(SD, respaced(5).reverse()));
    await expect(finish(plan2, [1], { start: 1 })).rejects.toMatchObject({ code: 'IR_E_USAGE' });
  });
});
