import { z } from 'zod';
import { formatIssues } from '../../errors.js';
import type { SamplerPlan } from '../plan.js';
import { ddim } from '../samplers/ddim.js';
import { ddpm } from '../samplers/ddpm.js';
import { dpmSolver } from '../samplers/dpm-solver.js';
import { type Churn, euler } from '../samplers/euler.js';
import { heun } from '../samplers/heun.js';
import { sigmaList } from '../samplers/sigma-space.js';
import { type BetaLaw, makeSchedule, type Prediction, type Schedule } from '../schedule.js';
import { multistepTimes, type SigmaLaw, sigmasBy, spacedTimes } from '../spacing.js';

// Configuration keys of diffusers 0.42.1. A key that stands here with a literal is accepted at that value only.
const off = z.literal(false).optional();
const common = {
  num_train_timesteps: z.int().min(1).max(100_000).default(1000),
  beta_start: z.number().default(1e-4),
  beta_end: z.number().default(0.02),
  trained_betas: z.array(z.number()).nullish(),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample', 'original_sample']).default('epsilon'),
  steps_offset: z.int().default(0),
};
const laws = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
const spacing = z.enum(['leading', 'trailing', 'linspace']);
const clipping = {
  clip_sample_range: z.number().positive().default(1),
  thresholding: off,
  dynamic_thresholding_ratio: z.number().optional(),
  sample_max_value: z.number().optional(),
};
const sigmas = {
  use_karras_sigmas: z.boolean().nullish(),
  use_exponential_sigmas: z.boolean().nullish(),
  use_beta_sigmas: off,
};
const betaLaw = z.enum(laws).default('linear');

const schemas = {
  DDPMScheduler: z.strictObject({
    ...common,
    ...clipping,
    beta_schedule: z.enum([...laws, 'sigmoid', 'laplace']).default('linear'),
    variance_type: z.enum(['fixed_small', 'fixed_small_log', 'fixed_large']).default('fixed_small'),
    clip_sample: z.boolean().default(true),
    timestep_spacing: spacing.default('leading'),
    rescale_betas_zero_snr: z.boolean().default(false),
  }),
  DDIMScheduler: z.strictObject({
    ...common,
    ...clipping,
    beta_schedule: betaLaw,
    clip_sample: z.boolean().default(true),
    set_alpha_to_one: z.boolean().default(true),
    timestep_spacing: spacing.default('leading'),
    rescale_betas_zero_snr: z.boolean().default(false),
  }),
  EulerDiscreteScheduler: z.strictObject({
    ...common,
    ...sigmas,
    beta_schedule: betaLaw,
    interpolation_type: z.enum(['linear', 'log_linear']).default('linear'),
    sigma_min: z.number().positive().nullish(),
    sigma_max: z.number().positive().nullish(),
    timestep_spacing: spacing.default('linspace'),
    timestep_type: z.enum(['discrete', 'continuous']).default('discrete'),
    rescale_betas_zero_snr: z.boolean().default(false),
    final_sigmas_type: z.enum(['zero', 'sigma_min']).default('zero'),
  }),
  EulerAncestralDiscreteScheduler: z.strictObject({
    ...common,
    beta_schedule: betaLaw,
    prediction_type: z.enum(['epsilon', 'v_prediction']).default('epsilon'),
    timestep_spacing: spacing.default('linspace'),
    rescale_betas_zero_snr: z.boolean().default(false),
  }),
  HeunDiscreteScheduler: z.strictObject({
    ...common,
    ...sigmas,
    beta_start: z.number().default(0.00085),
    beta_end: z.number().default(0.012),
    beta_schedule: z.enum([...laws, 'exp']).default('linear'),
    clip_sample: z.boolean().default(false),
    clip_sample_range: z.number().positive().default(1),
    timestep_spacing: spacing.default('linspace'),
  }),
  DPMSolverMultistepScheduler: z.strictObject({
    ...common,
    ...sigmas,
    beta_schedule: betaLaw,
    solver_order: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2),
    thresholding: off,
    dynamic_thresholding_ratio: z.number().optional(),
    sample_max_value: z.number().optional(),
    algorithm_type: z.enum(['dpmsolver++', 'sde-dpmsolver++', 'deis']).default('dpmsolver++'),
    solver_type: z.enum(['midpoint', 'heun', 'logrho', 'bh1', 'bh2']).default('midpoint'),
    lower_order_final: z.boolean().default(true),
    euler_at_final: z.boolean().default(false),
    use_lu_lambdas: z.boolean().nullish(),
    use_flow_sigmas: off,
    flow_shift: z.literal(1).optional(),
    final_sigmas_type: z.enum(['zero', 'sigma_min']).default('zero'),
    lambda_min_clipped: z.literal(Number.NEGATIVE_INFINITY).optional(),
    variance_type: z.null().optional(),
    timestep_spacing: spacing.default('linspace'),
    rescale_betas_zero_snr: z.boolean().default(false),
    use_dynamic_shifting: off,
    time_shift_type: z.literal('exponential').optional(),
  }),
};

const stepSchemas = {
  DDPMScheduler: z.strictObject({}),
  DDIMScheduler: z.strictObject({
    eta: z.number().min(0).default(0),
    use_clipped_model_output: z.boolean().default(false),
  }),
  EulerDiscreteScheduler: z.strictObject({
    s_churn: z.number().min(0).default(0),
    s_tmin: z.number().default(0),
    s_tmax: z.number().default(Number.POSITIVE_INFINITY),
    s_noise: z.number().default(1),
  }),
  EulerAncestralDiscreteScheduler: z.strictObject({}),
  HeunDiscreteScheduler: z.strictObject({}),
  DPMSolverMultistepScheduler: z.strictObject({}),
};

type Name = keyof typeof schemas;
type Config<K extends Name> = z.infer<(typeof schemas)[K]>;
type StepOptions<K extends Name> = z.infer<(typeof stepSchemas)[K]>;

const LAWS: Readonly<Record<string, BetaLaw>> = {
  linear: 'linear',
  scaled_linear: 'scaled-linear',
  squaredcos_cap_v2: 'cosine',
  sigmoid: 'sigmoid',
  laplace: 'laplace',
  exp: 'exponential',
};
const PREDICTIONS: Readonly<Record<string, Prediction>> = {
  epsilon: 'eps',
  v_prediction: 'v',
  sample: 'x0',
  original_sample: 'x0',
};

interface AnyConfig {
  readonly num_train_timesteps: number;
  readonly beta_schedule: string;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly trained_betas?: readonly number[] | null | undefined;
  readonly prediction_type: string;
  readonly rescale_betas_zero_snr?: boolean;
}

function scheduleOf(config: AnyConfig): Schedule {
  const { trained_betas: betas, num_train_timesteps: count } = config;
  if (betas && betas.length !== count)
    throw new NotReplayable(`trained_betas: expected ${count} numbers, got ${betas.length}`);
  return makeSchedule({
    steps: config.num_train_timesteps,
    law: LAWS[config.beta_schedule]!,
    betaStart: config.beta_start,
    betaEnd: config.beta_end,
    ...(config.trained_betas ? { betas: config.trained_betas } : {}),
    prediction: PREDICTIONS[config.prediction_type]!,
    zeroTerminalSnr: config.rescale_betas_zero_snr ?? false,
    precision: 'single',
  });
}

const SIGMA_LAWS = {
  use_karras_sigmas: 'karras',
  use_lu_lambdas: 'lu',
  use_exponential_sigmas: 'exponential',
} as const;

function lawOf(config: { readonly [K in keyof typeof SIGMA_LAWS]?: boolean | null | undefined }): SigmaLaw | undefined {
  const keys = Object.keys(SIGMA_LAWS) as (keyof typeof SIGMA_LAWS)[];
  const asked = keys.filter((key) => config[key]).map((key) => SIGMA_LAWS[key]);
  if (asked.length > 1) throw new NotReplayable(`expected one law of sigma, got ${asked.join(' and ')}`);
  return asked[0];
}

const startOf = (spacingName: string) => (spacingName === 'leading' ? 'sqrt(sigma^2+1)' : 'sigma') as 'sigma';

function timesOf(
  n: number,
  c: { num_train_timesteps: number; timestep_spacing: 'leading' | 'trailing' | 'linspace'; steps_offset: number },
  whole: boolean,
) {
  return spacedTimes(n, c.num_train_timesteps, {
    spacing: c.timestep_spacing,
    offset: c.steps_offset,
    whole,
    single: true,
  });
}

function planDdpm(n: number, c: Config<'DDPMScheduler'>): SamplerPlan {
  const variance = {
    fixed_small: 'fixed-small',
    fixed_small_log: 'fixed-small-log',
    fixed_large: 'fixed-large',
  } as const;
  return ddpm(scheduleOf(c), {
    noiseAtEnd: true,
    times: timesOf(n, c, true),
    variance: variance[c.variance_type],
    clip: c.clip_sample ? c.clip_sample_range : 0,
  });
}

function planDdim(n: number, c: Config<'DDIMScheduler'>, s: StepOptions<'DDIMScheduler'>): SamplerPlan {
  return ddim(scheduleOf(c), {
    times: timesOf(n, c, true),
    stride: Math.floor(c.num_train_timesteps / n),
    eta: s.eta,
    finalAlphaBar: c.set_alpha_to_one ? 'one' : 'first',
    clip: c.clip_sample ? c.clip_sample_range : 0,
    epsFromClipped: s.use_clipped_model_output,
  });
}

/** n + 1 levels of the whole schedule, even in log sigma and apart from the times: the last step ends at the least. */
const logLinearSigmas = ({ sigmas }: Schedule, n: number): number[] =>
  sigmasBy('lu', n + 1, sigmas[0]!, sigmas.at(-1)!, Math.fround).map(Math.fround);

function planEuler(
  n: number,
  c: Config<'EulerDiscreteScheduler'>,
  s: StepOptions<'EulerDiscreteScheduler'>,
): SamplerPlan {
  const schedule = scheduleOf(c);
  const law = lawOf(c);
  const logLinear = c.interpolation_type === 'log_linear';
  const spaced = timesOf(n, c, false);
  const list =
    logLinear && !law
      ? { times: spaced, sigmas: logLinearSigmas(schedule, n) }
      : sigmaList(schedule, spaced, {
          ...(law ? { law, count: n } : {}),
          ...(c.sigma_min ? { min: c.sigma_min } : {}),
          ...(c.sigma_max ? { max: c.sigma_max } : {}),
          ends: logLinear ? 'schedule' : 'list',
          final: c.final_sigmas_type === 'zero' ? 'zero' : 'least',
          single: true,
        });
  const churn: Churn = { amount: s.s_churn, tMin: s.s_tmin, tMax: s.s_tmax, noise: s.s_noise, when: 'after-model' };
  const continuous = c.timestep_type === 'continuous' && c.prediction_type === 'v_prediction';
  const times = continuous ? list.sigmas.slice(0, -1).map((sigma) => Math.fround(0.25 * Math.log(sigma))) : list.times;
  return euler(schedule, { ...list, times, ...(s.s_churn > 0 ? { churn } : {}), start: startOf(c.timestep_spacing) });
}

function planAncestral(n: number, c: Config<'EulerAncestralDiscreteScheduler'>): SamplerPlan {
  const schedule = scheduleOf(c);
  const list = sigmaList(schedule, timesOf(n, c, false), { single: true });
  return euler(schedule, { ...list, ancestral: true, start: startOf(c.timestep_spacing) });
}

function planHeun(n: number, c: Config<'HeunDiscreteScheduler'>): SamplerPlan {
  const schedule = scheduleOf(c);
  const law = lawOf(c);
  const list = sigmaList(schedule, timesOf(n, c, false), { ...(law ? { law, count: n } : {}), single: true });
  return heun(schedule, { ...list, clip: c.clip_sample ? c.clip_sample_range : 0, start: startOf(c.timestep_spacing) });
}

function planDpm(n: number, c: Config<'DPMSolverMultistepScheduler'>, start: number): SamplerPlan {
  const schedule = scheduleOf(c);
  const law = lawOf(c);
  const times = multistepTimes(n, c.num_train_timesteps, {
    spacing: c.timestep_spacing,
    offset: c.steps_offset,
    whole: true,
  });
  const rounded = (law === 'karras' || law === 'lu') && c.beta_schedule !== 'squaredcos_cap_v2';
  const list = sigmaList(schedule, times, {
    ...(law ? { law, count: n } : {}),
    ends: 'schedule',
    wholeTimes: rounded ? 'round' : 'cut',
    final: c.final_sigmas_type === 'zero' ? 'zero' : 'least',
    single: true,
  });
  return dpmSolver(schedule, {
    ...list,
    order: c.solver_order,
    stochastic: c.algorithm_type === 'sde-dpmsolver++',
    correction: c.solver_type === 'heun' ? 'heun' : 'midpoint',
    lowerOrderFinal: c.lower_order_final,
    eulerFinal: c.euler_at_final,
    start,
  });
}

/** Why a run cannot be replayed: its class or a key of its configuration is not covered. */
export class NotReplayable extends Error {}

function read<S extends z.ZodType>(schema: S, value: unknown, name: string): z.output<S> {
  const visible = Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !key.startsWith('_')));
  const result = schema.safeParse(visible);
  if (result.success) return result.data;
  throw new NotReplayable(formatIssues(result.error, schema, visible, name));
}

export interface RunConfiguration {
  readonly cls: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly step_kwargs: Readonly<Record<string, unknown>>;
  readonly start_index: number | null;
}

/** What the network of a run predicts; for runs of which `planOf` has made a plan. */
export const predictionOf = ({ config }: Pick<RunConfiguration, 'config'>): Prediction =>
  PREDICTIONS[String(config.prediction_type ?? 'epsilon')]!;

/** The plan of a run of diffusers, from the library's own class names and configuration keys. @throws NotReplayable with the reason */
export function planOf(run: RunConfiguration): SamplerPlan {
  if (!Object.hasOwn(schemas, run.cls))
    throw new NotReplayable(`expected one of ${Object.keys(schemas).join(', ')}, got ${run.cls}`);
  const name = run.cls as Name;
  const config = read(schemas[name], run.config, `${name} config`);
  const options = read(stepSchemas[name], run.step_kwargs, `${name} step_kwargs`);
  const n = run.steps;
  switch (name) {
    case 'DDPMScheduler':
      return planDdpm(n, config as Config<'DDPMScheduler'>);
    case 'DDIMScheduler':
      return planDdim(n, config as Config<'DDIMScheduler'>, options as StepOptions<'DDIMScheduler'>);
    case 'EulerDiscreteScheduler':
      return planEuler(n, config as Config<'EulerDiscreteScheduler'>, options as StepOptions<'EulerDiscreteScheduler'>);
    case 'EulerAncestralDiscreteScheduler':
      return planAncestral(n, config as Config<'EulerAncestralDiscreteScheduler'>);
    case 'HeunDiscreteScheduler':
      return planHeun(n, config as Config<'HeunDiscreteScheduler'>);
    case 'DPMSolverMultistepScheduler': {
      const c = config as Config<'DPMSolverMultistepScheduler'>;
      if (c.solver_order === 3 && c.algorithm_type === 'sde-dpmsolver++')
        throw new NotReplayable(
          'the library’s third-order stochastic term does not vanish with the step size: not reproduced',
        );
      return planDpm(n, c, run.start_index ?? 0);
    }
  }
}
