import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  type BetaLaw,
  type DenoiserFunction,
  ddim,
  dpmSolver,
  euler,
  heun,
  makeSampling,
  makeSchedule,
  type NoiseSource,
  type Prediction,
  philoxNoise,
  type SamplerPlan,
  type Schedule,
  type ScheduleOptions,
  sample,
  samplingShape,
  sigmaList,
  startFrom,
  startFromNoise,
} from './index.js';

/**
 * The conformance suite: every schedule, prediction and sampler, on data whose score is known, x0 ~ N(mu, s^2) or the point mass mu. Whatever the
 * method, its samples must be of that distribution, methods must agree where theory says so, and errors must fall with the order of the method.
 * Left out is churn after the model (diffusers' fork): the network then never sees the level that the step goes from, and nothing of this holds.
 */
const [mu, s] = [0.3, 0.5];
const seed = 20_261_124;
const noise = philoxNoise(seed, 'ab'.repeat(32));
const other = philoxNoise(seed + 1, 'cd'.repeat(32));

const LAWS: readonly BetaLaw[] = ['linear', 'scaled-linear', 'cosine', 'exponential', 'sigmoid', 'laplace'];
/** Steps with which the distribution is met: more where the schedule's first levels are far apart. */
const schedules: readonly (ScheduleOptions & { readonly name: string; readonly sampled: number })[] = [
  ...LAWS.map((law) => ({ name: law, law, sampled: ['exponential', 'laplace'].includes(law) ? 400 : 60 })),
  {
    name: 'zero terminal SNR',
    law: 'scaled-linear',
    betaStart: 0.00085,
    betaEnd: 0.012,
    zeroTerminalSnr: true,
    sampled: 60,
  },
  { name: 'linear to zero terminal SNR', zeroTerminalSnr: true, sampled: 60 },
  { name: 'linear of 4000', steps: 4000, betaStart: 2.5e-5, betaEnd: 0.005, sampled: 60 },
];
const PREDICTIONS: readonly Prediction[] = ['eps', 'v', 'x0'];

const STOCHASTIC = [
  { name: 'ddpm' },
  { name: 'ddpm', variance: 'fixed-large' },
  { name: 'ddpm', variance: 'fixed-small-log' },
  { name: 'ddim', eta: 0.5 },
  { name: 'ddim', eta: 1 },
  { name: 'euler-ancestral' },
  { name: 'edm', churn: 10 },
  { name: 'dpm-solver++', stochastic: true },
  { name: 'dpm-solver++', stochastic: true, correction: 'heun' },
  { name: 'dpm-solver++', stochastic: true, order: 3 },
];
const DETERMINISTIC = [
  { name: 'ddpm', variance: 'none' },
  { name: 'ddim' },
  { name: 'euler' },
  { name: 'edm', churn: 0 },
  { name: 'heun' },
  { name: 'dpm-solver++', order: 1 },
  { name: 'dpm-solver++' },
  { name: 'dpm-solver++', correction: 'heun' },
  { name: 'dpm-solver++', order: 3 },
];
/** The mean alone is no draw from the distribution. */
const drawn = (sampler: { variance?: string }) => sampler.variance !== 'none';
const SAMPLERS = [...DETERMINISTIC, ...STOCHASTIC, { name: 'one-step' }];

const cells = schedules.flatMap(({ name, sampled, ...options }) =>
  PREDICTIONS.map((prediction) => ({ name, prediction, sampled, schedule: makeSchedule({ ...options, prediction }) })),
);

const SPACINGS = ['respaced', 'ddim', 'leading', 'trailing', 'linspace', 'sgm'];
const IN_SIGMA_SPACE = ['euler', 'euler-ancestral', 'edm', 'heun', 'dpm-solver++'];

/** At zero SNR a network that tells eps says nothing of x0: methods that begin there refuse it, those in sigma space begin a little before. */
const refused = ({ prediction, zeroTerminalSnr }: Schedule, { name }: { name: string }) =>
  prediction === 'eps' && zeroTerminalSnr && ['ddpm', 'ddim', 'one-step'].includes(name);

const { sqrt, abs, log2, max } = Math;

/** The best network for a normal distribution of this deviation, in the words of the schedule. Its input is a x0 + b eps, a^2 + b^2 = 1, whatever the view. */
const best =
  (prediction: Prediction, deviation: number): DenoiserFunction =>
  (input, { inputScale, signal, level }) => {
    const a = signal === 1 && level > 0 ? inputScale : signal; // churn raises the level: what the network sees tells by how much
    const b = sqrt(1 - a * a);
    const [variance, spread] = [deviation * deviation, a * a * deviation * deviation + b * b];
    return input.map((x) => {
      const x0 = (variance * a * x + b * b * mu) / spread;
      if (prediction === 'x0') return x0;
      const eps = (b * (x - a * mu)) / spread; // = (x - a x0) / b
      return prediction === 'eps' ? eps : a * eps - b * x0;
    });
  };

const schema = z.strictObject(samplingShape);
const planOf = (schedule: Schedule, settings: object) =>
  makeSampling(schedule, schema.parse({ spacing: 'trailing', steps: 8, ...settings }), {
    whole: false,
    nearest: false,
  });

interface Case {
  readonly deviation: number;
  readonly count?: number;
  readonly noise?: NoiseSource;
}

async function run(
  plan: SamplerPlan,
  from: Float32Array,
  model: DenoiserFunction,
  source: NoiseSource = noise,
  start = 0,
) {
  let at = from;
  for await (const step of sample({ plan, start, model, noise: source, z: at, recycle: 'z' })) at = step.z;
  return at;
}

async function end(schedule: Schedule, settings: object, { deviation, count = 64, noise: source = noise }: Case) {
  const { plan, start, from } = planOf(schedule, settings);
  const clean = new Float32Array(count).fill(mu);
  const first = await (from === 'noise' ? startFromNoise(plan, count, noise) : startFrom(plan, start, clean, noise));
  return run(plan, first, best(schedule.prediction, deviation), source, start);
}

const farthest = (values: Float32Array, from: Float32Array | number) =>
  values.reduce((worst, v, i) => max(worst, abs(v - (typeof from === 'number' ? from : from[i]!))), 0);

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, deviation: sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

/** An eps-prediction divides float32's rounding by the signal. */
const rounding = ({ prediction, sigmas }: Schedule) => (prediction === 'eps' ? 5e-7 * sigmas.at(-1)! : 0);

describe.each(cells)('$name, $prediction-prediction', ({ schedule, sampled }) => {
  const fitting = SAMPLERS.filter((sampler) => !refused(schedule, sampler));
  const multistep = fitting.filter(({ name }) => name !== 'one-step');

  test.each(multistep.filter(drawn))(`%j: samples are of the distribution (seed ${seed})`, async (sampler) => {
    const values = await end(schedule, { sampler, steps: sampled }, { deviation: s, count: 8192 });
    const { mean, deviation } = moments(values);
    // Four standard errors of 8192 samples are 0.022 and 0.016. Ancestral noise is that of a known x0, too little by the first order of the step.
    expect(abs(mean - mu)).toBeLessThan(0.03);
    expect(abs(deviation - s)).toBeLessThan(0.06);
  });

  test.each(fitting)(
    '%j: a point mass is reached in any number of steps, from noise and from inside',
    async (sampler) => {
      const inside = { fraction: 0.5, rule: 're-space' };
      for (const [start, steps] of [
        ['noise', 1],
        ['noise', 2],
        ['noise', 9],
        [inside, 1],
        [inside, 3],
        [{ fraction: 0.7 }, 9],
      ]) {
        const values = await end(schedule, { sampler, steps, start }, { deviation: 0 });
        expect(farthest(values, mu)).toBeLessThan(1e-4 + rounding(schedule));
      }
    },
  );

  test.each(multistep)('%j: the noise is felt if and only if the method is stochastic', async (sampler) => {
    const settings = { sampler, steps: 4 };
    const a = await end(schedule, settings, { deviation: s });
    const b = await end(schedule, settings, { deviation: s, noise: other });
    expect(farthest(a, b) === 0).toBe(DETERMINISTIC.includes(sampler as never));
  });

  // The predictions describe one network (below): one of them goes along every list, the others along one.
  const spacings = schedule.prediction === 'v' ? SPACINGS : ['trailing'];
  const lists = [...spacings.map((spacing) => ({ spacing })), { law: 'karras' }, { law: 'exponential' }];
  test.each(lists)('%j: every sampler reaches a point mass along that list', async (list) => {
    for (const sampler of multistep) {
      if ('law' in list && !IN_SIGMA_SPACE.includes(sampler.name)) continue;
      const values = await end(schedule, { sampler, steps: 5, ...list }, { deviation: 0 });
      expect([sampler, farthest(values, mu) < 1e-4 + rounding(schedule)]).toEqual([sampler, true]);
    }
  });

  const apart = async (one: object, two: object, list: object = {}) => {
    const [a, b] = [one, two].map((sampler) => end(schedule, { sampler, steps: 20, ...list }, { deviation: s }));
    return farthest(await a!, await b!);
  };

  test('churn 0 is the plain method, to the bit', async () => {
    expect(await apart({ name: 'edm', churn: 0 }, { name: 'euler' })).toBe(0);
  });

  if (refused(schedule, { name: 'ddim' })) {
    test.each(['ddpm', 'ddim', 'one-step'])('%s refuses it', (name) => {
      expect(() => planOf(schedule, { sampler: { name } })).toThrow(
        expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringMatching(/zero terminal SNR/) }),
      );
    });
    return;
  }

  test.each(spacings)('%s: DDIM with eta 1 is DDPM with fixed-small variance', async (spacing) => {
    expect(await apart({ name: 'ddim', eta: 1 }, { name: 'ddpm' }, { spacing })).toBeLessThan(2e-6);
  });

  // Lists of fractional times interpolate in sigma there and are rounded here.
  test.each(spacings.filter((spacing) => spacing !== 'linspace' && spacing !== 'sgm'))(
    '%s: Euler is DDIM with eta 0 in the other view, and DPM-Solver++ of order 1 too',
    async (spacing) => {
      // In sigma space zero SNR is 2^-24: the start differs by its root.
      const tolerance = 2e-6 + rounding(schedule) + (schedule.zeroTerminalSnr ? 2 ** -12 : 0);
      expect(await apart({ name: 'euler' }, { name: 'ddim' }, { spacing })).toBeLessThan(tolerance);
      expect(await apart({ name: 'dpm-solver++', order: 1 }, { name: 'ddim' }, { spacing })).toBeLessThan(tolerance);
    },
  );
});

describe.each(schedules)('$name', ({ name: _, sampled: __, ...options }) => {
  const one = PREDICTIONS.map((prediction) => makeSchedule({ ...options, prediction }));
  const top = one[0]!.sigmas.at(-1)!;
  // The second slope of Heun divides what the first step rounded by the level that it reached: nothing is left after a step from 4096 to 2.
  const kept = SAMPLERS.filter(({ name }) => name !== 'heun' || top < 1000);

  test.each(kept)('%j: the three predictions describe one network', async (sampler) => {
    const fitting = one.filter((schedule) => !refused(schedule, sampler));
    const ends = fitting.map((schedule) => end(schedule, { sampler, steps: 6 }, { deviation: s }));
    const [first, ...rest] = await Promise.all(ends);
    for (const values of rest) expect(farthest(values, first!)).toBeLessThan(2e-5 + rounding(one[0]!));
  });
});

describe.each(cells)('$name, $prediction-prediction: order of accuracy', ({ schedule }) => {
  const { prediction, sigmas, steps: T } = schedule;
  /** n even steps in time between levels that leave out both ends, where laws are singular; one more time, for a step that is not taken. */
  const times = (n: number) => {
    const [high, low] = [0.8 * T, 0.2 * T];
    return [...Array.from({ length: n + 1 }, (_, i) => Math.round(high - ((high - low) * i) / n)), 0];
  };
  const methods: readonly [string, number, (at: readonly number[]) => SamplerPlan][] = [
    ['DDIM', 1, (at) => ddim(schedule, { times: at })],
    ['Euler', 1, (at) => euler(schedule, sigmaList(schedule, at))],
    ['Heun', 2, (at) => heun(schedule, sigmaList(schedule, at))],
    ['DPM-Solver++(2M)', 2, (at) => dpmSolver(schedule, { ...sigmaList(schedule, at), lowerOrderFinal: false })],
  ];
  /** The error at the last time, in the exploding view, where the flow keeps (z - mu) / sqrt(s^2 + sigma^2). */
  async function error(make: (at: readonly number[]) => SamplerPlan, n: number) {
    const at = times(n);
    const plan = make(at);
    const taken = plan.name === 'heun' ? 2 * n : n;
    const { signal } = plan.steps[0]!;
    const [from, to] = [sigmas[at[0]!]!, sigmas[at[n]!]!];
    const start = mu + 0.9 * sqrt(s * s + from * from);
    const exact = mu + 0.9 * sqrt(s * s + to * to);
    const scale = (sigma: number) => (signal === 1 ? 1 : 1 / sqrt(1 + sigma * sigma));
    const last = { ...plan, steps: plan.steps.slice(0, taken) };
    const values = await run(last, Float32Array.of(start * scale(from)), best(prediction, s));
    return abs(values[0]! / scale(to) - exact);
  }

  test.each(methods.filter(([method]) => !(method === 'DDIM' && refused(schedule, { name: 'ddim' }))))(
    '%s: %i',
    async (_, order, make) => {
      const [coarse, fine] = [await error(make, 12), await error(make, 24)];
      const measured = log2(coarse / fine);
      expect(measured).toBeGreaterThan(order - 0.3);
      expect(measured).toBeLessThan(order + 0.6);
    },
  );
});

test('a wrong level of noise goes red', async () => {
  const schedule = makeSchedule({ law: 'scaled-linear', prediction: 'v' });
  const { plan } = planOf(schedule, { sampler: { name: 'ddpm' }, steps: 60 });
  const spoilt = { ...plan, steps: plan.steps.map((step) => ({ ...step, noise: 0.8 * step.noise })) };
  const values = await run(spoilt, await startFromNoise(spoilt, 8192, noise), best('v', s));
  expect(abs(moments(values).deviation - s)).toBeGreaterThan(0.09);
});
