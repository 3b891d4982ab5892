import { denoiseStep, type ExecOptions } from '@ir/native';
import { describeValue, explain, UsageError } from '../errors.js';
import type { SamplerStep } from './plan.js';

/** Weight s of classifier-free guidance m = m_u + s (m_c - m_u) at a step. */
export type GuidanceScale = (step: SamplerStep) => number;

export const constantGuidance =
  (s: number): GuidanceScale =>
  () =>
    s;

/** SUPIR's ramp, linear in sigma: `start` at sigmaMax and, where a schedule has such levels, above it; `end` at 0. */
export const linearGuidance =
  (start: number, end: number, sigmaMax = 14.6146): GuidanceScale =>
  ({ sigma }) =>
    (start - end) * Math.min(1, sigma / sigmaMax) + end;

/** DiffBIR's cosine ramp: 1 + s (1 - cos(pi ((T - t) / T)^5)) / 2. */
export const cosineGuidance =
  (s: number, T = 1000): GuidanceScale =>
  ({ t }) =>
    1 + (s * (1 - Math.cos(Math.PI * ((T - t) / T) ** 5))) / 2;

/** Changes the predicted clean sample in place before the step uses it. */
export type Correction = (x0: Float32Array, step: SamplerStep, exec: ExecOptions) => Promise<void> | void;

export interface PullOptions {
  /** z of I_reg: what the prediction is drawn to. */
  readonly target: Float32Array;
  /** Exponent of (sigma / sigmaMax): small ones pull nearly all the way at every step, large ones early only; 0 (as in SUPIR): no pull. */
  readonly power: number;
  readonly sigmaMax?: number;
  /** No pull in a step that ends at or below this level (0.05 in SUPIR); 0: a pull in every step, the last one included. */
  readonly sigmaMin?: number;
}

/** SUPIR's restoration guidance: x0 <- x0 - (sigma / sigmaMax)^power (x0 - target). */
export function pullTowards({ target, power, sigmaMax = 14.6146, sigmaMin = 0.05 }: PullOptions): Correction {
  checkPositive('restoration power', power);
  return async (x0, { sigma, next }, exec) => {
    if (power === 0 || (sigmaMin > 0 && next <= sigmaMin)) return;
    const w = Math.min(1, (sigma / sigmaMax) ** power);
    await denoiseStep({ z: x0, h: target, a: 1 - w, g: w, out: x0 }, exec);
  };
}

export interface GradientOptions {
  readonly target: Float32Array;
  /** s of g = -(3000 s) grad mean w (x0 - target)^2. */
  readonly scale: number;
  /** w per element; absent: 1. */
  readonly weights?: Float32Array;
  /** Active for times with stop < t + 1 < start. */
  readonly start?: number;
  readonly stop?: number;
  readonly repeat?: number;
  /** Divide by the mean over elements, as published (default), or leave the size out: strength independent of the picture's size. */
  readonly perSize?: boolean;
}

/**
 * DiffBIR's restoration guidance in latent space, gradient in closed form: x0 <- x0 - 6000 s w (x0 - target) / (N c1), where N is the number of
 * elements of the whole latent (never of a tile) and c1 = q the posterior mean's coefficient of x0.
 */
export function gradientTowards(options: GradientOptions): Correction {
  const { target, scale, weights, start = 1001, stop = -1, repeat = 1, perSize = true } = options;
  checkPositive('restoration scale', scale);
  return (x0, step) => {
    if (!(stop < step.t + 1 && step.t + 1 < start) || step.q === 0) return;
    const gain = (6000 * scale) / ((perSize ? x0.length : 1) * step.q);
    for (let k = 0; k < repeat; k++)
      for (let i = 0; i < x0.length; i++)
        x0[i] = x0[i]! - gain * (weights ? weights[i % weights.length]! : 1) * (x0[i]! - target[i]!);
  };
}

function checkPositive(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new UsageError('IR_E_USAGE', explain({ name, expected: 'a number from 0', got: describeValue(value) }));
}
