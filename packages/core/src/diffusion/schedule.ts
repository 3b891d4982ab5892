import { describeValue, explain, UsageError } from '../errors.js';

/** What the network's output m is: the noise eps, the velocity v = sqrt(abar) eps - sqrt(1 - abar) x0, or the clean sample x0. */
export type Prediction = 'eps' | 'v' | 'x0';

/** How beta_t rises: `scaled-linear` is Stable Diffusion's square of a linear ramp of square roots, `cosine` that of Nichol and Dhariwal. */
export type BetaLaw = 'linear' | 'scaled-linear' | 'cosine' | 'exponential' | 'sigmoid' | 'laplace';

export interface ScheduleOptions {
  /** T, default 1000. */
  readonly steps?: number;
  readonly law?: BetaLaw;
  readonly betaStart?: number;
  readonly betaEnd?: number;
  /** Given betas take the place of a law. */
  readonly betas?: readonly number[];
  readonly prediction?: Prediction;
  /** Shift and scale sqrt(abar) so that the last is exactly 0 (Lin et al. 2024). */
  readonly zeroTerminalSnr?: boolean;
  /** In sigma space a zero abar would be an infinite sigma: what stands in its place (diffusers 2^-24, DiffBIR 1e-8). */
  readonly terminalAlphaBar?: number;
  /** `single` rounds every operation to float32 as published libraries do; default `double`. */
  readonly precision?: 'double' | 'single';
}

/** A noise schedule as data (Eq. 8): z_t = sqrt(abar_t) z_0 + sqrt(1 - abar_t) eps. */
export interface Schedule {
  /** T; times run from 0 to T - 1. */
  readonly steps: number;
  readonly prediction: Prediction;
  /** abar_t, falling. */
  readonly alphaBar: Float64Array;
  /** sigma_t = sqrt((1 - abar_t) / abar_t), rising; finite (see `terminalAlphaBar`). */
  readonly sigmas: Float64Array;
  readonly zeroTerminalSnr: boolean;
}

/** What is held between two operations: everything, or float32 as published libraries have it. */
export type Round = (x: number) => number;

/**
 * sigma of an abar: sqrt((1 - abar) / abar). Ties are rounded up, to within what square roots in float32 can tell: at abar = 2^-24 libraries have
 * 4096, half a unit above the root.
 */
export const sigmaOf = (alphaBar: number, round: Round = Number) =>
  round(Math.sqrt(round(round(1 - alphaBar) / alphaBar)) * (round === Math.fround ? 1 + 2 ** -40 : 1));

const MAX_BETA = 0.999;

/** Between which betas the laws that have them lie where nothing is said. */
export const SCHEDULE_DEFAULTS = { betaStart: 1e-4, betaEnd: 0.02 } as const;

const BARS: Readonly<Record<string, (u: number) => number>> = {
  cosine: (u) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2,
  exponential: (u) => Math.exp(-12 * u),
  laplace: (u) => {
    const lambda = -0.5 * Math.sign(0.5 - u || 1) * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6);
    return Math.sqrt(Math.exp(lambda) / (1 + Math.exp(lambda)));
  },
};

/** n even numbers, each half from its own end, as torch.linspace makes them. */
function ramp(from: number, to: number, n: number, round: Round): Float64Array {
  const [first, last] = [round(from), round(to)];
  const step = n === 1 ? 0 : round(round(last - first) / (n - 1));
  const half = Math.max(1, Math.floor(n / 2));
  return Float64Array.from({ length: n }, (_, i) => round(i < half ? first + step * i : last - step * (n - 1 - i)));
}

function betasOf(law: BetaLaw, start: number, end: number, steps: number, round: Round): Float64Array {
  switch (law) {
    case 'linear':
      return ramp(start, end, steps, round);
    case 'scaled-linear':
      return ramp(Math.sqrt(start), Math.sqrt(end), steps, round).map((root) => round(root * root));
    case 'sigmoid':
      return ramp(-6, 6, steps, round).map((x) => round((end - start) / (1 + Math.exp(-x)) + start));
    default: {
      const bar = BARS[law]!;
      return Float64Array.from({ length: steps }, (_, i) =>
        round(Math.min(1 - bar((i + 1) / steps) / bar(i / steps), MAX_BETA)),
      );
    }
  }
}

/** sqrt(abar) moved and scaled so that the first stays and the last becomes 0. */
function toZeroTerminal(alphaBar: Float64Array, round: Round): Float64Array {
  const roots = alphaBar.map((bar) => round(Math.sqrt(bar)));
  const [first, last] = [roots[0]!, roots.at(-1)!];
  const scale = round(first / round(first - last));
  return roots.map((root) => round(round(round(root - last) * scale) ** 2));
}

function cumulative(betas: Float64Array, round: Round): Float64Array {
  let product = 1;
  return betas.map((beta) => {
    product *= round(1 - beta);
    return round(product);
  });
}

/** Rescaled betas from abar, as a library that keeps betas rather than abar gets them back. */
function betasFrom(alphaBar: Float64Array, round: Round): Float64Array {
  return alphaBar.map((bar, t) => round(1 - round(bar / (t === 0 ? 1 : alphaBar[t - 1]!))));
}

/**
 * A schedule from its options. Defaults: T = 1000, linear from 1e-4 to 0.02, eps-prediction.
 * @throws UsageError `IR_E_USAGE` for values out of range, and for eps-prediction with zero terminal SNR, from which x0 cannot be told
 */
export function makeSchedule(options: ScheduleOptions = {}): Schedule {
  const { law = 'linear', prediction = 'eps', zeroTerminalSnr = false } = options;
  const { betaStart = SCHEDULE_DEFAULTS.betaStart, betaEnd = SCHEDULE_DEFAULTS.betaEnd } = options;
  const steps = options.betas?.length ?? options.steps ?? 1000;
  check('steps', Number.isInteger(steps) && steps >= 1 && steps <= 100_000, 'an integer in 1..100000', steps);
  check('betaStart', betaStart > 0 && betaStart < 1, 'a number in 0..1', betaStart);
  check('betaEnd', betaEnd > 0 && betaEnd < 1, 'a number in 0..1', betaEnd);
  const round: Round = options.precision === 'single' ? Math.fround : Number;
  const betas = options.betas
    ? Float64Array.from(options.betas, round)
    : betasOf(law, betaStart, betaEnd, steps, round);
  check(
    'betas',
    betas.every((b) => b > 0 && b < 1),
    'numbers between 0 and 1',
    'others',
  );
  let alphaBar = cumulative(betas, round);
  check('betas', alphaBar.at(-1)! > 0, 'fewer or smaller ones, which leave some signal at the end', 'none left');
  if (zeroTerminalSnr) {
    alphaBar = cumulative(betasFrom(toZeroTerminal(alphaBar, round), round), round);
    alphaBar[steps - 1] = 0;
  }
  const floor = options.terminalAlphaBar ?? 2 ** -24;
  const sigmas = alphaBar.map((bar) => sigmaOf(bar > 0 ? bar : floor, round));
  return { steps, prediction, alphaBar, sigmas, zeroTerminalSnr };
}

function check(name: string, ok: boolean, expected: string, got: unknown): void {
  if (!ok) throw new UsageError('IR_E_USAGE', explain({ name: `schedule ${name}`, expected, got: describeValue(got) }));
}

/** With abar = 0 an eps-prediction says nothing of x0. @throws UsageError `IR_E_USAGE` */
export function refuseEpsAtZeroSnr({ prediction, zeroTerminalSnr }: Schedule): void {
  if (prediction !== 'eps' || !zeroTerminalSnr) return;
  const fix = 'Use v- or x0-prediction, a schedule that does not end in zero, or a sampler in sigma space';
  const got = 'eps-prediction, which divides by zero there';
  throw new UsageError(
    'IR_E_USAGE',
    explain({ name: 'schedule', expected: 'a prediction that fits zero terminal SNR', got, fix }),
  );
}

/** Stable Diffusion's schedule: scaled-linear from 0.00085 to 0.012. */
export const stableDiffusion = (options: ScheduleOptions = {}): Schedule =>
  makeSchedule({ law: 'scaled-linear', betaStart: 0.00085, betaEnd: 0.012, ...options });
