import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import {
  cosineGuidance,
  type DenoiserFunction,
  ddim,
  ddimSpaced,
  ddpm,
  dpmSolver,
  euler,
  gradientTowards,
  heun,
  linearGuidance,
  makeSchedule,
  nearestTime,
  onePrediction,
  philoxNoise,
  pullTowards,
  replay,
  replayTolerance,
  respaced,
  type SamplerPlan,
  type Schedule,
  sample,
  sgmTimes,
  sigmaList,
  sigmasBy,
  spacedTimes,
  stableDiffusion,
  startFrom,
  startFromNoise,
} from './index.js';

const SD = stableDiffusion();
const shared = fileURLToPath(new URL('../../../../../shared/data/goldens/diffusers_loops.json', import.meta.url));
const own = new URL('../../goldens/diffusers_runs.json', import.meta.url);

const silent = { kind: 'given', draw: () => new Float32Array(1) } as const;
/** The toy network of the scalar goldens: m = z t / (t + 1). */
const toy: DenoiserFunction = (z, { t }) => z.map((v) => (v * t) / (t + 1));

async function finish(plan: SamplerPlan, z: ArrayLike<number>, more: Partial<Parameters<typeof sample>[0]> = {}) {
  let last: { z: Float32Array; x0: Float32Array } | undefined;
  for await (const step of sample({ plan, model: toy, noise: silent, z: Float32Array.from(z), ...more })) last = step;
  return last!;
}

describe('schedules', () => {
  // REFERENCE B.1, computed in float64.
  test.each([
    [0, 0.99915, 0.02916716],
    [99, 0.8954627735, 0.34167383],
    [499, 0.2776696505, 1.61288619],
    [999, 0.0046600985, 14.61464123],
  ])('Stable Diffusion at t = %i', (t, alphaBar, sigma) => {
    expect(SD.alphaBar[t]).toBeCloseTo(alphaBar, 9);
    expect(SD.sigmas[t]).toBeCloseTo(sigma, 7);
  });

  test('zero terminal SNR: ends in exactly 0, keeps the first, finite in sigma space', () => {
    const s = stableDiffusion({ zeroTerminalSnr: true, prediction: 'v' });
    for (const [t, value] of [
      [0, 0.99915],
      [250, 0.6524570153],
      [500, 0.2410187828],
      [750, 0.0327991181],
    ] as const)
      expect(s.alphaBar[t]).toBeCloseTo(value, 9);
    expect(s.alphaBar[998]! / 1.9678880566e-7).toBeCloseTo(1, 6);
    expect(s.alphaBar[999]).toBe(0);
    expect(s.sigmas[999]).toBeCloseTo(4096, 0);
    const own = stableDiffusion({ zeroTerminalSnr: true, prediction: 'v', terminalAlphaBar: 1e-8 });
    expect(own.sigmas[999]).toBeCloseTo(9999.99995, 4);
  });

  test('eps-prediction does not fit it: told before any work', () => {
    const s = stableDiffusion({ zeroTerminalSnr: true });
    for (const plan of [() => ddpm(s, { times: [999] }), () => ddim(s, { times: [999] }), () => onePrediction(s, 999)])
      expect(plan).toThrow(
        expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringMatching(/zero terminal SNR/) }),
      );
  });

  test.each([
    [{ steps: 0 }, 'steps'],
    [{ betaStart: -1 }, 'betaStart'],
    [{ betas: [0.1, 2] }, 'betas'],
    [{ steps: 100_000, betaEnd: 0.9 }, 'some signal at the end'],
  ])('refuses %j', (options, name) => {
    expect(() => makeSchedule(options)).toThrow(
      expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringContaining(name) }),
    );
  });
});

describe('spacing', () => {
  test('re-spacing as guided diffusion has it', () => {
    expect(respaced(1)).toEqual([0]);
    expect(respaced(5)).toEqual([0, 250, 500, 749, 999]);
    expect(respaced(10)).toEqual([0, 111, 222, 333, 444, 555, 666, 777, 888, 999]);
    expect(respaced(7)).toEqual(expect.arrayContaining([166, 832]));
    const fifty =
      '0,20,41,61,82,102,122,143,163,183,204,224,245,265,285,306,326,347,367,387,408,428,449,469,489,510,530,550,571,591,612,632,652,673,693,714,734,754,775,795,816,836,856,877,897,917,938,958,979,999';
    expect(respaced(50).join()).toBe(fifty);
  });

  // SHA-256 of the lists for n = 1..1000 (comma-joined, a line each), made once by Python 3.11: round() over an accumulated float stride.
  test('equal to Python’s accumulation and rounding for every n', () => {
    const lists = Array.from({ length: 1000 }, (_, i) => respaced(i + 1).join()).join('\n');
    expect(createHash('sha256').update(lists).digest('hex')).toBe(
      '806af3c731ee25a87e0c00bcc07c65dac75f419006ab08a7753c42fbc29132f5',
    );
    const simple = (n: number) => Array.from({ length: n }, (_, i) => Math.round((999 / (n - 1)) * i));
    expect(simple(7).join()).not.toBe(respaced(7).join());
  });

  test('every list rises from 0 to T - 1 without repeats', () => {
    for (let n = 2; n <= 1000; n++) {
      const times = respaced(n);
      expect([times.length, times[0], times.at(-1)]).toEqual([n, 0, 999]);
      expect(new Set(times).size).toBe(n);
    }
  });

  test('leading, trailing, linspace, sgm, ddimN, Karras', () => {
    expect(spacedTimes(4, 1000, { spacing: 'leading', offset: 1, whole: true })).toEqual([751, 501, 251, 1]);
    expect(spacedTimes(4, 1000, { spacing: 'trailing', whole: true })).toEqual([999, 749, 499, 249]);
    expect(spacedTimes(4, 1000, { spacing: 'linspace', whole: true })).toEqual([999, 666, 333, 0]);
    expect(sgmTimes(10)).toEqual([999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
    expect(sgmTimes(50).slice(0, 2).concat(sgmTimes(50).at(-1)!)).toEqual([999, 979, 19]);
    expect(ddimSpaced(50)).toHaveLength(50);
    expect(() => ddimSpaced(999)).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
    const karras = sigmasBy('karras', 5, 0.1, 10);
    expect([karras[0], karras[4]].map((x) => +x!.toFixed(10))).toEqual([10, 0.1]);
    expect(nearestTime(SD, SD.sigmas[700]! * 1.0001)).toBe(700);
  });

  test('refuses counts out of range', () => {
    for (const n of [0, 1001, 2.5, Number.NaN])
      expect(() => respaced(n)).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
  });
});

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

  test('whole times are numpy’s where ways of rounding differ', () => {
    // np.linspace(0, 999, 27).round(), np.round(np.arange(1000, 0, -1000 / 48)) - 1 and np.linspace(999, 0, 99, endpoint=False).astype(int): NumPy 2.4
    expect(spacedTimes(27, 1000, { spacing: 'linspace', whole: true })[13]).toBe(499);
    expect(spacedTimes(48, 1000, { spacing: 'trailing', whole: true })[3]).toBe(936);
    expect(sgmTimes(99)[77]).toBe(221);
  });

  test('guidance ramps', () => {
    const at = (sigma: number, t = 0) => ({ ...sgm().steps[0]!, sigma, t });
    const linear = linearGuidance(1, 4);
    for (const [sigma, s] of [
      [20_291, 1], // a cosine schedule's first level: the ramp goes no further down
      [14.6146, 1],
      [5.0878, 2.9556],
      [0.1345, 3.9724],
    ] as const)
      expect(linear(at(sigma))).toBeCloseTo(s, 4);
    const cosine = cosineGuidance(8);
    for (const [t, s] of [
      [999, 1],
      [500, 1.0193],
      [250, 2.061],
      [0, 9],
    ] as const)
      expect(cosine(at(0, t))).toBeCloseTo(s, 4);
  });
});

describe('runs of diffusers 0.42.1, step by step', () => {
  const published = existsSync(shared);
  (published ? test : test.skip)(
    `13 published runs ${published ? '' : '(../shared/data is absent)'}`,
    async () => {
      const report = await replay(JSON.parse(readFileSync(shared, 'utf8')));
      expect(report.runs).toHaveLength(13);
      for (const run of report.runs)
        expect(Math.max(...Object.values(run.deviation!))).toBeLessThanOrEqual(replayTolerance(run));
    },
    180_000,
  );

  // At sigma = 20291 the library's own float32 cancels to 2e-3 of the next sample: a first step of the cosine schedule in sigma space.
  const cancels = (run: { cls: string; config: Record<string, unknown> }) =>
    run.config.beta_schedule === 'squaredcos_cap_v2' && !run.config.use_karras_sigmas && !/DDPM|DDIM/.test(run.cls);

  test('prediction types, spacings, laws of sigma, churn, cosine, zero terminal SNR, orders, starts inside', async () => {
    const data = JSON.parse(readFileSync(own, 'utf8'));
    const { runs } = await replay(data);
    expect(runs.length).toBeGreaterThan(90);
    for (const run of runs) {
      expect([run.index, run.reason]).toEqual([run.index, undefined]);
      const tolerance = cancels(data.runs[run.index]) ? 5e-4 : replayTolerance(run);
      const worst = Math.max(...Object.values(run.deviation!));
      expect({ ...run, ok: worst <= tolerance }).toEqual({ ...run, ok: true });
    }
  }, 180_000);

  test('a wrong sampler goes red, and what cannot be replayed says why', async () => {
    const data = JSON.parse(readFileSync(own, 'utf8'));
    const run = data.runs.find((r: { cls: string }) => r.cls === 'DDIMScheduler');
    const { runs } = await replay({
      runs: [
        { ...run, step_kwargs: { eta: 0.31 } },
        { ...run, cls: 'PNDMScheduler' },
        { ...run, config: { ...run.config, clip_sampel: false } },
        { ...run, config: { ...run.config, thresholding: true } },
      ],
    });
    expect(runs[0]!.deviation!.abs_mean).toBeGreaterThan(1e-4);
    expect(runs[1]!.reason).toMatch(/PNDMScheduler/);
    expect(runs[2]!.reason).toMatch(/clip_sampel.*Did you mean "clip_sample"/);
    expect(runs[3]!.reason).toMatch(/thresholding/);
    const { runs: broken } = await replay({ meta: null, runs: [null, { ...run, trajectory: [{ t: 1 }] }, run] });
    expect(broken[0]).toMatchObject({
      index: 0,
      cls: 'unknown',
      steps: 0,
      reason: expect.stringMatching(/^runs\[0\]: /),
    });
    expect(broken[1]!.reason).toMatch(/^runs\[1\]\.trajectory\[0\]\.sum: expected a number, got nothing/);
    expect(broken[2]!.deviation).toBeDefined();
    await expect(replay({ rums: [] })).rejects.toMatchObject({ code: 'IR_E_SCHEMA' });
  });
});

describe('identities', () => {
  const seed = 20_261_124;
  const z = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i + seed));
  const noisy = philoxNoise(seed, 'ab'.repeat(32));
  const times = respaced(20).reverse();

  const plans: [string, (schedule: Schedule) => SamplerPlan][] = [
    ['ddpm', (s) => ddpm(s, { times })],
    ['ddim', (s) => ddim(s, { times })],
    ['euler', (s) => euler(s, sigmaList(s, times))],
    ['heun', (s) => heun(s, sigmaList(s, times))],
    ['dpm-solver++ 2M', (s) => dpmSolver(s, sigmaList(s, times))],
  ];

  test.each(plans)('%s: the three prediction types describe one network', async (_, make) => {
    // A network given as eps; the same said as v and as x0.
    const eps: DenoiserFunction = (input) => input.map((v) => Math.tanh(v));
    const results = [];
    for (const prediction of ['eps', 'v', 'x0'] as const) {
      const schedule = stableDiffusion({ prediction });
      const model: DenoiserFunction = async (input, step, k) => {
        const e = (await eps(input, step, k)) as Float32Array;
        const alpha = 1 / Math.sqrt(1 + step.sigma ** 2);
        const level = step.sigma * alpha;
        if (prediction === 'eps') return e;
        // input is z in the preserving view: z = alpha x0 + level eps
        const x0 = input.map((v, i) => (v - level * e[i]!) / alpha);
        return prediction === 'x0' ? x0 : e.map((v, i) => alpha * v - level * x0[i]!);
      };
      results.push((await finish(make(schedule), z, { model, noise: noisy })).z);
    }
    for (const other of results.slice(1))
      for (let i = 0; i < z.length; i++) expect(Math.abs(other[i]! - results[0]![i]!)).toBeLessThan(1e-3);
  });

  test('DDIM with eta 0 ignores the noise; eta 1 is ancestral sampling with fixed-small variance on the same list', async () => {
    const still = (noise: typeof noisy) => finish(ddim(SD, { times }), z, { noise });
    expect((await still(noisy)).z).toEqual((await still(philoxNoise(1, 'cd'.repeat(32)))).z);
    const [a, b] = [ddim(SD, { times, eta: 1 }), ddpm(SD, { times })];
    const [x, y] = [(await finish(a, z, { noise: noisy })).z, (await finish(b, z, { noise: noisy })).z];
    for (let i = 0; i < z.length; i++) expect(Math.abs(x[i]! - y[i]!)).toBeLessThan(2e-5);
  });

  test('a point mass is reached by DDIM whatever the number of steps', async () => {
    const mass = 0.7;
    const model: DenoiserFunction = (input, { signal, level }) => input.map((v) => (v - signal * mass) / level);
    for (const n of [1, 2, 5, 50]) {
      const list = n === 1 ? [999] : respaced(n).reverse();
      const { z: end } = await finish(ddim(SD, { times: list }), z, { model });
      for (const v of end) expect(v).toBeCloseTo(mass, 4);
    }
  });

  test('Euler is DDIM with eta 0 in the other view', async () => {
    const list = sigmaList(SD, times);
    const scale = Math.sqrt(1 + list.sigmas[0]! ** 2);
    const exploded = await finish(
      euler(SD, list),
      z.map((v) => v * scale),
    );
    const preserved = await finish(ddim(SD, { times }), z);
    for (let i = 0; i < z.length; i++) expect(exploded.z[i]).toBeCloseTo(preserved.z[i]!, 5);
  });

  test('no churn is the plain method, to the bit', async () => {
    const list = sigmaList(SD, times);
    const plain = await finish(euler(SD, list), z);
    const none = await finish(euler(SD, { ...list, churn: { amount: 0 } }), z, { noise: noisy });
    expect(none.z).toEqual(plain.z);
  });

  test('a guidance scale of 1 does not read the unconditional output', async () => {
    const nan = new Float32Array(64).fill(Number.NaN);
    const model: DenoiserFunction = async (i, s, k) => ({
      conditional: (await toy(i, s, k)) as Float32Array,
      unconditional: nan,
    });
    const plan = ddim(SD, { times });
    expect((await finish(plan, z, { model })).z).toEqual((await finish(plan, z)).z);
    await expect(finish(plan, z, { model, guidance: () => 2 })).rejects.toMatchObject({ code: 'IR_E_NOT_FINITE' });
  });

  test('no restoration guidance changes nothing beyond rounding; a full pull lands on the target', async () => {
    const target = Float32Array.from(z, (v) => v / 2);
    const plan = euler(SD, sigmaList(SD, times));
    const plain = await finish(plan, z);
    const idle = await finish(plan, z, { correction: () => {} });
    for (let i = 0; i < z.length; i++) expect(idle.z[i]).toBeCloseTo(plain.z[i]!, 5);
    const pulled = await finish(ddim(SD, { times }), z, { correction: (x0) => x0.set(target) });
    for (let i = 0; i < z.length; i++) expect(pulled.z[i]).toBeCloseTo(target[i]!, 5);
    const gentle = await finish(ddpm(SD, { times, variance: 'none' }), z, {
      correction: gradientTowards({ target, scale: 0.001 }),
    });
    const distance = (a: Float32Array) => a.reduce((sum, v, i) => sum + (v - target[i]!) ** 2, 0);
    expect(distance(gentle.z)).toBeLessThan(distance((await finish(ddpm(SD, { times, variance: 'none' }), z)).z));
  });
});

describe('order of accuracy on a Gaussian whose score is known', () => {
  // x0 ~ N(mu, s^2): E[x0 | z] in the exploding view is (s^2 z + sigma^2 mu) / (s^2 + sigma^2); the flow's exact end is mu + s (z - mu) / sqrt(s^2 + sigma^2).
  const [mu, s, top] = [0.3, 0.5, 8];
  const schedule = makeSchedule({ prediction: 'x0' });
  const model: DenoiserFunction = (input, { sigma, inputScale, signal, level }) =>
    input.map((v) => {
      const z = inputScale === 1 && signal < 1 ? v / signal : v / inputScale;
      const noise = signal < 1 ? level / signal : sigma;
      return (s * s * z + noise * noise * mu) / (s * s + noise * noise);
    });
  const z0 = 5;
  const least = 0.05;
  const exact = mu + ((z0 - mu) * Math.sqrt(s * s + least * least)) / Math.sqrt(s * s + top * top);

  async function error(make: (n: number) => { plan: SamplerPlan; start: number; end: number }, n: number) {
    const { plan, start, end } = make(n);
    const { z } = await finish(plan, [start], { model });
    return Math.abs(z[0]! * end - exact);
  }

  const levels = (n: number) => {
    const sigmas = Array.from({ length: n + 1 }, (_, i) => top * (least / top) ** (i / n));
    return { times: sigmas.slice(0, -1).map((_, i) => i), sigmas };
  };
  const scaleAt = (sigma: number) => Math.sqrt(1 + sigma * sigma);

  test.each([
    ['Euler', 1, (n: number) => ({ plan: euler(schedule, levels(n)), start: z0, end: 1 })],
    [
      'Heun',
      2,
      (n: number) => {
        const list = levels(n);
        // Heun ends by an Euler step: give it an end whose correction is made
        const plan = heun(schedule, { times: [...list.times, n], sigmas: [...list.sigmas, list.sigmas[n]!] });
        return { plan: { ...plan, steps: plan.steps.slice(0, -1) }, start: z0, end: 1 };
      },
    ],
    [
      'DPM-Solver++(2M)',
      2,
      (n: number) => ({
        plan: dpmSolver(schedule, { ...levels(n), lowerOrderFinal: false }),
        start: z0 / scaleAt(top),
        end: scaleAt(least),
      }),
    ],
  ] as const)('%s has order %i', async (_, order, make) => {
    const [coarse, fine] = [await error(make, 20), await error(make, 40)];
    const measured = Math.log2(coarse / fine);
    expect(measured).toBeGreaterThan(order - 0.25);
    expect(measured).toBeLessThan(order + 0.6);
  });
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
