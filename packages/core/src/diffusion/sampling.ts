import { z } from 'zod';
import { describeValue, explain, parseWith, UsageError } from '../errors.js';
import type { SamplerPlan } from './plan.js';
import { ddim } from './samplers/ddim.js';
import { ddpm } from './samplers/ddpm.js';
import { dpmSolver } from './samplers/dpm-solver.js';
import { euler } from './samplers/euler.js';
import { heun } from './samplers/heun.js';
import { onePrediction } from './samplers/one-step.js';
import { type SigmaList, sigmaList } from './samplers/sigma-space.js';
import type { Schedule } from './schedule.js';
import { ddimSpaced, respaced, roundHalfEven, sgmTimes, spacedTimes } from './spacing.js';

/** How N(0, I) is scaled at a start from noise in sigma space: as every other sampler sees it (default), or by sigma alone. */
const startScale = z.enum(['sqrt(sigma^2+1)', 'sigma']).default('sqrt(sigma^2+1)');
const clip = z.number().min(0).default(0);

/** A sampler by name with its own parameters. */
export const samplerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('ddpm'),
    variance: z.enum(['fixed-small', 'fixed-small-log', 'fixed-large', 'none']).default('fixed-small'),
    clip,
  }),
  z.strictObject({
    name: z.literal('ddim'),
    eta: z.number().min(0).max(1).default(0),
    finalAlphaBar: z.enum(['one', 'first']).default('one'),
    clip,
  }),
  z.strictObject({ name: z.literal('euler'), startScale }),
  z.strictObject({ name: z.literal('euler-ancestral'), startScale }),
  z
    .strictObject({
      name: z.literal('edm'),
      churn: z.number().min(0).max(1e6).default(0),
      tMin: z.number().min(0).default(0),
      tMax: z.number().positive().default(Number.MAX_VALUE),
      noise: z.number().min(0).max(1000).default(1),
      when: z.enum(['before-model', 'after-model']).default('before-model'),
      startScale,
    })
    .refine(({ tMin, tMax }) => tMin <= tMax, { path: ['tMin'], error: 'expected at most tMax' }),
  z.strictObject({ name: z.literal('heun'), clip, startScale }),
  z.strictObject({
    name: z.literal('dpm-solver++'),
    order: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2),
    stochastic: z.boolean().default(false),
    correction: z.enum(['midpoint', 'heun']).default('midpoint'),
    lowerOrderFinal: z.boolean().default(true),
    eulerFinal: z.boolean().default(false),
  }),
  z.strictObject({ name: z.literal('one-step') }),
]);

const rule = z.enum(['truncate', 're-space']).default('truncate');

/** Where sampling starts: noise, or the condition noised to t*, given as a time or as a fraction of T - 1. */
export const startSchema = z.union([
  z.literal('noise'),
  z.strictObject({ time: z.int().min(0), rule }),
  z.strictObject({ fraction: z.number().min(0).max(1), rule }),
]);

/** What a run of a sampler is made of; spread it into a schema of settings. */
export const samplingShape = {
  sampler: samplerSchema,
  /** Network evaluations for methods of one evaluation a step. */
  steps: z.int().min(1).max(100_000),
  spacing: z.enum(['respaced', 'ddim', 'leading', 'trailing', 'linspace', 'sgm']).default('respaced'),
  /** Added to `leading` times. */
  offset: z.int().min(0).default(0),
  /** Noise levels by a law between those of the list, for samplers in sigma space. */
  law: z.enum(['karras', 'exponential']).optional(),
  start: startSchema.default('noise'),
};
const samplingSchema = z.strictObject(samplingShape);

export type SamplingSettings = z.output<typeof samplingSchema>;
type SamplingInput = z.input<typeof samplingSchema>;

/** The same as a caller may give it: a sampler by its name alone, defaults left out. */
export type GivenSampling = Omit<SamplingInput, 'sampler'> & {
  readonly sampler: SamplingInput['sampler'] | SamplingInput['sampler']['name'];
};

/** `sampler: ddim` is short for `sampler: {name: ddim}`. */
export const spelledOut = (settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  typeof settings.sampler === 'string' ? { ...settings, sampler: { name: settings.sampler } } : settings;

/** Settings from what a caller gives. @throws UsageError `IR_E_SCHEMA` naming the key */
export const readSampling = (given: GivenSampling): SamplingSettings =>
  parseWith(samplingSchema, spelledOut({ ...given }), 'sampling');

/** What the network asks of a plan. */
export interface NetworkTime {
  /** It takes whole times only. */
  readonly whole: boolean;
  /** It is told the nearest training level. */
  readonly nearest: boolean;
}

/** A plan and where in it to start. */
export interface Sampling {
  readonly plan: SamplerPlan;
  /** Index of the first step that is taken. */
  readonly start: number;
  readonly from: 'noise' | 'condition';
  /** Steps of the method that are taken: under `truncate` fewer than were asked for. */
  readonly count: number;
}

const refuse = (name: string, expected: string, got: unknown, fix?: string) =>
  new UsageError('IR_E_USAGE', explain({ name, expected, got: describeValue(got), fix }));

/** t* of a start inside, undefined for one from noise. */
function startTime(start: SamplingSettings['start'], T: number): number | undefined {
  if (start === 'noise') return undefined;
  const time = 'time' in start ? start.time : roundHalfEven(start.fraction * (T - 1));
  if (time < T) return time;
  throw refuse('start.time', `a time of the schedule, 0..${T - 1}`, time);
}

/** Times from high to low over 0..T - 1. One step is one from T - 1: the rules' own lists of one entry hold 0, of no use from noise. */
function timesOf(n: number, T: number, { spacing, offset }: SamplingSettings, whole: boolean): readonly number[] {
  if (n === 1) return [T - 1];
  if (spacing === 'respaced') return respaced(n, T).reverse();
  if (spacing === 'ddim') return ddimSpaced(n, T).reverse();
  if (spacing === 'sgm') return sgmTimes(n, T);
  const times = spacedTimes(n, T, { spacing, offset, whole });
  if (times[0]! < T) return times;
  throw refuse('offset', `one that keeps times below ${T}`, offset);
}

const IN_SIGMA_SPACE = ['euler', 'euler-ancestral', 'edm', 'heun', 'dpm-solver++'];

/** The first step of a list at or below t*. */
function indexFrom(times: readonly number[], time: number): number {
  const index = times.findIndex((t) => t <= time);
  if (index >= 0) return index;
  const fix = 'Start later, take more steps, or use the rule re-space';
  throw refuse('start', `a time at or above the list's last, ${times.at(-1)}`, time, fix);
}

/**
 * The plan that settings ask for. A start inside follows one of the two rules of B.6: `truncate` takes the steps of the whole list at or below
 * t*, `re-space` makes a list of `steps` inside [0, t*].
 * @throws UsageError `IR_E_USAGE` naming what does not fit: steps, t*, spacing, a law for a sampler without sigmas, eps with zero terminal SNR
 */
export function makeSampling(schedule: Schedule, settings: SamplingSettings, network: NetworkTime): Sampling {
  const { sampler, steps, start, law } = settings;
  const T = schedule.steps;
  const time = startTime(start, T);
  const from = time === undefined ? 'noise' : 'condition';
  if (steps > T) throw refuse('steps', `at most the schedule's ${T}`, steps);
  if (sampler.name === 'one-step') return { plan: onePrediction(schedule, time ?? T - 1), start: 0, from, count: 1 };
  const exploding = IN_SIGMA_SPACE.includes(sampler.name);
  if (law && !exploding)
    throw refuse('law', `none for ${sampler.name}`, law, `Use one of ${IN_SIGMA_SPACE.join(', ')}`);
  const inside = time !== undefined && start !== 'noise' && start.rule === 're-space';
  const range = inside ? time + 1 : T;
  if (steps > range) throw refuse('steps', `at most ${range}, the times in 0..t*`, steps);
  const whole = network.whole || !exploding;
  const times = timesOf(steps, range, settings, whole);
  const list = exploding
    ? sigmaList(schedule, times, { ...(law ? { law } : {}), wholeTimes: whole ? 'round' : 'keep' })
    : undefined;
  const cut = time === undefined ? 0 : indexFrom(list?.times ?? times, time);
  const plan = planOf(schedule, settings, times, list && { ...list, quantised: network.nearest }, cut, network.whole);
  // Heun's plan has two entries a step.
  return { plan, start: sampler.name === 'heun' ? 2 * cut : cut, from, count: steps - cut };
}

function planOf(
  schedule: Schedule,
  { sampler }: SamplingSettings,
  times: readonly number[],
  list: SigmaList | undefined,
  start: number,
  wholeTimes: boolean,
): SamplerPlan {
  switch (sampler.name) {
    case 'ddpm':
      return ddpm(schedule, { times, variance: sampler.variance, clip: sampler.clip });
    case 'ddim':
      return ddim(schedule, { times, ...sampler });
    case 'euler':
      return euler(schedule, { ...list!, start: sampler.startScale });
    case 'euler-ancestral':
      return euler(schedule, { ...list!, ancestral: true, start: sampler.startScale });
    case 'edm': {
      const { churn: amount, tMin, tMax, noise, when } = sampler;
      return euler(schedule, {
        ...list!,
        churn: { amount, tMin, tMax, noise, when },
        start: sampler.startScale,
        wholeTimes,
      });
    }
    case 'heun':
      return heun(schedule, { ...list!, clip: sampler.clip, start: sampler.startScale });
    case 'dpm-solver++':
      return dpmSolver(schedule, { ...list!, ...sampler, start });
    default:
      throw refuse('sampler', 'one that makes a plan', sampler.name);
  }
}
