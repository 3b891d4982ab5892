import type { Prediction } from './schedule.js';

/**
 * One network evaluation and what follows it, as coefficients of the fused step (Eq. 10 in general form):
 *   z' = z + churn n,  m = network(inputScale z', t),  x0 = c z' + d m, clipped to [-clip, clip] where clip > 0,
 *   out = a z' + b m + q x0 + sum_j history_j x0_{k-1-j} + noise n
 */
export interface SamplerStep {
  /** Time given to the network. */
  readonly t: number;
  readonly inputScale: number;
  /** Standard deviation of the noise added before the step. */
  readonly churn: number;
  readonly c: number;
  readonly d: number;
  /** 0: not clipped. */
  readonly clip: number;
  readonly a: number;
  readonly b: number;
  readonly q: number;
  /** Coefficients of earlier predictions, the latest first. */
  readonly history: readonly number[];
  readonly noise: number;
  /** Does the method draw noise here, even where its coefficient is 0? Decides which draw comes next. */
  readonly draws: boolean;
  /** z at this step is signal z_0 + level eps (Eq. 8): how a start inside is made. */
  readonly signal: number;
  readonly level: number;
  /** sigma = level / signal: the noise level in the variance-exploding view, for guidance ramps and records. */
  readonly sigma: number;
  /** The same after the step. */
  readonly next: number;
}

/** A sampler over a schedule: plain data, executed by `sample`. */
export interface SamplerPlan {
  readonly name: string;
  /** Factor of N(0, I) at a start from noise. */
  readonly initialScale: number;
  readonly steps: readonly SamplerStep[];
  /** Is churn noise added before the network sees z (Karras et al.) or after (diffusers)? */
  readonly churnBefore: boolean;
}

const step: SamplerStep = {
  t: 0, inputScale: 1, churn: 0, c: 0, d: 0, clip: 0, a: 0, b: 0, q: 0,
  history: [], noise: 0, draws: false, signal: 1, level: 0, sigma: 0, next: 0,
}; // biome-ignore format: one line a group

/** A step of which only what differs from nothing is said. */
export const stepOf = (parts: Partial<SamplerStep>): SamplerStep => ({ ...step, ...parts });

/** x0 and eps as combinations [of z, of m] in the variance-preserving view z = sqrt(abar) x0 + sqrt(1 - abar) eps. */
export function preserving(prediction: Prediction, alphaBar: number) {
  const [signal, level] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  switch (prediction) {
    case 'eps':
      return { signal, level, x0: [1 / signal, -level / signal], eps: [0, 1] } as const;
    case 'v':
      return { signal, level, x0: [signal, -level], eps: [level, signal] } as const;
    default:
      return { signal, level, x0: [0, 1], eps: [1 / level, -signal / level] } as const;
  }
}

/** x0 as a combination [of z, of m] in the variance-exploding view z = x0 + sigma eps, where the network sees z / sqrt(sigma^2 + 1). */
export function exploding(prediction: Prediction, sigma: number): readonly [number, number] {
  if (prediction === 'eps') return [1, -sigma];
  if (prediction === 'x0') return [0, 1];
  return [1 / (sigma ** 2 + 1), -sigma / Math.sqrt(sigma ** 2 + 1)];
}

export const inputScaleOf = (sigma: number) => 1 / Math.sqrt(sigma ** 2 + 1);
