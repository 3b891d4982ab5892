import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { philoxNoise } from './noise.js';
import { type DenoiserFunction, sample, startFrom, startFromNoise } from './sample.js';
import { makeSampling, samplingShape } from './sampling.js';
import { makeSchedule, type Schedule, stableDiffusion } from './schedule.js';

/**
 * Every schedule under every sampler, on data whose score is known: x0 ~ N(mu, s^2). Whatever the method, its samples must be of that
 * distribution; a wrong coefficient of signal or noise anywhere shows as a wrong mean or deviation.
 */
const [mu, s] = [0.3, 0.5];
const N = 8192;
const seed = 20_261_124;

const schedules: [string, Schedule][] = [
  ['linear', makeSchedule({ prediction: 'v' })],
  ['scaled-linear', stableDiffusion({ prediction: 'v' })],
  ['cosine', makeSchedule({ law: 'cosine', prediction: 'v' })],
  ['zero terminal SNR', stableDiffusion({ prediction: 'v', zeroTerminalSnr: true })],
];

const samplers = [
  { name: 'ddpm' },
  { name: 'ddim' },
  { name: 'ddim', eta: 1 },
  { name: 'euler' },
  { name: 'euler-ancestral' },
  { name: 'edm', churn: 10 },
  { name: 'heun' },
  { name: 'dpm-solver++' },
  { name: 'dpm-solver++', order: 3 },
  { name: 'dpm-solver++', stochastic: true },
];

const { sqrt } = Math;

/** The best v for the Gaussian, or for a point mass where its deviation is 0. The network's input is signal x0 + level eps, whatever the view. */
const best =
  (deviation: number): DenoiserFunction =>
  (input, { inputScale, signal, level }) => {
    const exploding = signal === 1 && level > 0;
    const a = exploding ? inputScale : signal;
    const b = exploding ? sqrt(1 - a * a) : level;
    const [variance, spread] = [deviation * deviation, a * a * deviation * deviation + b * b];
    const out = new Float32Array(input.length);
    for (let i = 0; i < out.length; i++) {
      const x0 = (variance * a * input[i]! + b * b * mu) / spread;
      out[i] = (a * (input[i]! - a * x0)) / b - b * x0;
    }
    return out;
  };

const noise = philoxNoise(seed, 'ab'.repeat(32));
const schema = z.strictObject(samplingShape);

async function end(schedule: Schedule, settings: object, deviation: number, from = noise): Promise<Float32Array> {
  const network = { whole: false, nearest: false };
  const {
    plan,
    start,
    from: where,
  } = makeSampling(schedule, schema.parse({ spacing: 'trailing', ...settings }), network);
  const clean = new Float32Array(N).fill(mu);
  let at = where === 'noise' ? await startFromNoise(plan, N, noise) : await startFrom(plan, start, clean, noise);
  for await (const step of sample({ plan, start, model: best(deviation), noise: from, z: at })) at = step.z;
  return at;
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
  }
  const mean = sum / values.length;
  return { mean, deviation: sqrt(squares / values.length - mean * mean) };
}

describe.each(schedules)('%s schedule', (_, schedule) => {
  test.each(samplers)(`%j: samples are of the Gaussian they should be (seed ${seed})`, async (sampler) => {
    const { mean, deviation } = moments(await end(schedule, { sampler, steps: 60 }, s));
    // Four standard errors of 8192 samples are 0.022 and 0.016. Ancestral noise is that of a known x0, too little by the first order of the step:
    // 0.053 at 60 steps, half of it at 120.
    expect(Math.abs(mean - mu)).toBeLessThan(0.03);
    expect(Math.abs(deviation - s)).toBeLessThan(0.06);
  });

  test.each(samplers)('%j: a point mass is reached, from noise and from inside', async (sampler) => {
    for (const start of ['noise', { fraction: 0.5 }]) {
      const values = await end(schedule, { sampler, steps: 8, start }, 0);
      let worst = 0;
      for (let i = 0; i < N; i++) worst = Math.max(worst, Math.abs(values[i]! - mu));
      expect(worst).toBeLessThan(1e-4);
    }
  });

  test('deterministic methods ignore the noise, stochastic ones feel it', async () => {
    for (const sampler of samplers) {
      const other = philoxNoise(seed + 1, 'cd'.repeat(32));
      const [a, b] = [
        await end(schedule, { sampler, steps: 4 }, s),
        await end(schedule, { sampler, steps: 4 }, s, other),
      ];
      const draws =
        ['ddpm', 'euler-ancestral', 'edm'].includes(sampler.name) || sampler.eta === 1 || sampler.stochastic;
      expect([sampler, Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0]).toEqual([sampler, !draws]);
    }
  });
});

test('a wrong level of noise goes red', async () => {
  const [, schedule] = schedules[1]!;
  const settings = schema.parse({ sampler: { name: 'ddpm' }, steps: 60, spacing: 'trailing' });
  const { plan } = makeSampling(schedule, settings, { whole: false, nearest: false });
  const spoilt = { ...plan, steps: plan.steps.map((step) => ({ ...step, noise: 0.8 * step.noise })) };
  let at = await startFromNoise(spoilt, N, noise);
  for await (const step of sample({ plan: spoilt, model: best(s), noise, z: at })) at = step.z;
  expect(Math.abs(moments(at).deviation - s)).toBeGreaterThan(0.09);
});
