import { exploding, inputScaleOf, type SamplerPlan, stepOf } from '../plan.js';
import type { Schedule } from '../schedule.js';
import { roundHalfEven, timeOfSigma } from '../spacing.js';
import { checkFalling, type SigmaList, told } from './sigma-space.js';

/** Karras et al. 2022, Alg. 2: noise added again at each step within [tMin, tMax]. */
export interface Churn {
  readonly amount: number;
  readonly tMin?: number;
  readonly tMax?: number;
  /** Factor of the noise added. */
  readonly noise?: number;
  /** Before the network sees z (the paper, default), or after (diffusers). */
  readonly when?: 'before-model' | 'after-model';
}

export interface EulerOptions extends SigmaList {
  readonly churn?: Churn;
  /** Euler-ancestral: step down to sigma_down and add sigma_up. */
  readonly ancestral?: boolean;
  /** N(0, I) is multiplied by sigma_0 (default), or by sqrt(sigma_0^2 + 1). */
  readonly start?: 'sigma' | 'sqrt(sigma^2+1)';
  /** Times at raised levels are rounded, for networks that take whole times. */
  readonly wholeTimes?: boolean;
}

const MOST_CHURN = Math.SQRT2 - 1;

function churned(sigma: number, count: number, { amount, tMin = 0, tMax = Infinity, noise = 1 }: Churn) {
  const gamma = sigma >= tMin && sigma <= tMax ? Math.min(amount / count, MOST_CHURN) : 0;
  const raised = sigma * (gamma + 1);
  return { raised, added: noise * Math.sqrt(Math.max(0, raised ** 2 - sigma ** 2)), draws: gamma > 0 };
}

/** Euler's method on dz/dsigma = (z - x0) / sigma: z' = z + (sigma' - sigma) (z - x0) / sigma; with churn the EDM sampler of first order. */
export function euler(schedule: Schedule, options: EulerOptions): SamplerPlan {
  const { times, sigmas, churn, ancestral = false, quantised = false, wholeTimes = false } = options;
  checkFalling('euler', sigmas);
  const before = churn?.when !== 'after-model';
  const timeAt = (sigma: number) => {
    const t = timeOfSigma(schedule, sigma);
    return wholeTimes ? roundHalfEven(t) : t;
  };
  const steps = times.map((t, i) => {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!];
    const { raised, added, draws } = churn
      ? churned(sigma, times.length, churn)
      : { raised: sigma, added: 0, draws: false };
    const up = ancestral ? Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2) : 0;
    const target = ancestral ? Math.sqrt(Math.max(0, next ** 2 - up ** 2)) : next;
    const seen = told(schedule, before ? raised : sigma, before && added > 0 ? timeAt(raised) : t, quantised);
    // After the model only eps takes the raised level: v's own coefficients keep the level that the network saw.
    const level = schedule.prediction === 'eps' && !quantised ? raised : seen.sigma;
    const [c, d] = exploding(schedule.prediction, level);
    const rate = (target - raised) / raised;
    return stepOf({
      t: seen.t,
      inputScale: inputScaleOf(seen.sigma),
      churn: added,
      c,
      d,
      a: 1 + rate,
      q: -rate,
      noise: up,
      draws: ancestral || draws,
      signal: 1,
      level: sigma,
      sigma,
      next,
    });
  });
  const first = Math.max(...sigmas);
  const initialScale = options.start === 'sqrt(sigma^2+1)' ? Math.sqrt(first ** 2 + 1) : first;
  return { name: ancestral ? 'euler-ancestral' : churn ? 'edm' : 'euler', initialScale, steps, churnBefore: before };
}
