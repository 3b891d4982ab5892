import { describe, expect, test } from '@jest/globals';
import {
  ddim,
  ddpm,
  dpmSolver,
  euler,
  heun,
  makeSchedule,
  onePrediction,
  philoxNoise,
  pullTowards,
  respaced,
  type SampleBySettings,
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

describe('published loops without noise (REFERENCE B.7 a: float32 of diffusers, linear from 1e-4 to 0.02)', () => {
  const linear = makeSchedule();
  const leading = (n: number) => Array.from({ length: n }, (_, i) => ((n - 1 - i) * 1000) / n);
  /** (4, 3, 8, 8) of arange(768) / 768 reshaped to (3, 8, 8, 4) with its last axis moved to the front. */
  const ramp = Float32Array.from({ length: 768 }, (_, at) => (4 * (at % 192) + Math.floor(at / 192)) / 768);
  const sumOf = async (plan: SamplerPlan) => (await finish(plan, ramp)).z.reduce((sum, v) => sum + Math.abs(v), 0);

  test.each<[string, number, number, SamplerPlan]>([
    ['DDIM', 172.0067, 3, ddim(linear, { times: leading(10), clip: 1 })],
    ['DDIM, beta from 0.01', 149.8295, 3, ddim(makeSchedule({ betaStart: 0.01 }), { times: leading(10), clip: 1 })],
    [
      'DDIM, beta from 0.01, abar_0 at the end',
      149.0784,
      3,
      ddim(makeSchedule({ betaStart: 0.01 }), { times: leading(10), clip: 1, finalAlphaBar: 'first' }),
    ],
    ['DDPM, the mean alone', 0.660935189, 6, ddpm(linear, { times: leading(1000), variance: 'none' })],
  ])('%s: %d', async (_, sum, digits, plan) => {
    expect(await sumOf(plan)).toBeCloseTo(sum, digits);
  });

  test('DPM-Solver++(2M) to the least level, second order to the end', async () => {
    const times = [999, 899, 799, 699, 599, 500, 400, 300, 200, 100];
    const list = sigmaList(linear, times, { final: 'least' });
    expect(await sumOf(dpmSolver(linear, { ...list, lowerOrderFinal: false }))).toBeCloseTo(253.5529, 2);
  });

  test('variances of DDPM at 487 and 999, of DDIM with eta 1 over 20 and 20 times', () => {
    const noise = ({ steps }: SamplerPlan, i = 0) => steps[i]!.noise ** 2;
    expect(noise(ddpm(linear, { times: [487, 486] }))).toBeCloseTo(0.00979, 5);
    expect(noise(ddpm(linear, { times: [999, 998] }))).toBeCloseTo(0.02, 5);
    expect(noise(ddim(linear, { times: [420, 400], eta: 1 }))).toBeCloseTo(0.14771, 4);
    expect(noise(ddim(linear, { times: [980, 960], eta: 1 }))).toBeCloseTo(0.3246, 4);
  });

  test('Euler over 1100 times, the scaled input taking the place of the sample (a quirk of that test)', async () => {
    const long = makeSchedule({ steps: 1100 });
    const times = Array.from({ length: 10 }, (_, i) => ((9 - i) * 1099) / 9);
    const plan = euler(long, sigmaList(long, times));
    let z: Float32Array<ArrayBufferLike> = ramp.map((v) => v * plan.initialScale);
    for (const step of plan.steps) {
      const scaled = z.map((v) => v * step.inputScale);
      const one = { ...plan, steps: [{ ...step, inputScale: 1 }] };
      z = (await finish(one, scaled)).z;
    }
    expect(z.reduce((sum, v) => sum + Math.abs(v), 0)).toBeCloseTo(10.0807, 3);
  });
});

describe('runs', () => {
  test('a schedule and a sampler by name run as the plan that they make', async () => {
    const z = Float32Array.of(0.3, -1, 2);
    const times = respaced(8).reverse();
    const ends = async (given: object) => {
      const zs: number[][] = [];
      const options: unknown = { schedule: SD, steps: 8, model: toy, noise: silent, z, ...given };
      for await (const step of sample(options as SampleBySettings)) zs.push([...step.z]);
      return zs;
    };
    const whole = await ends({ sampler: 'ddim' });
    expect(whole.at(-1)).toEqual([...(await finish(ddim(SD, { times }), z)).z]);
    expect(await ends({ sampler: { name: 'ddim', eta: 0 }, spacing: 'trailing' })).not.toEqual(whole);
    expect(await ends({ sampler: 'heun', start: { time: 600 } })).toHaveLength(9);
    await expect(ends({ sampler: 'dddim' })).rejects.toMatchObject({ code: 'IR_E_SCHEMA' });
  });

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
