import { preserving, type SamplerPlan, stepOf } from '../plan.js';
import { refuseEpsAtZeroSnr, type Schedule, sigmaOf } from '../schedule.js';

export type Variance = 'fixed-small' | 'fixed-small-log' | 'fixed-large' | 'none';

export interface DdpmOptions {
  /** Times from high to low; the last one's predecessor is the clean sample. */
  readonly times: readonly number[];
  /** sigma_t^2: the posterior's beta~ (default), beta, or nothing (the mean alone). */
  readonly variance?: Variance;
  /** x0 is limited to [-clip, clip]; 0 (default) leaves it: latents exceed 1. */
  readonly clip?: number;
  /** Noise also in the last step where its time is above 0, as published libraries draw it; default false: z_0 is the mean. */
  readonly noiseAtEnd?: boolean;
}

/**
 * Ancestral sampling (Eq. 10) in posterior form over any list of times, with betas recomputed from the abar that stand there:
 *   mean = [sqrt(abar') beta x0 + sqrt(alpha) (1 - abar') z] / (1 - abar),  sigma^2 = beta (1 - abar') / (1 - abar) or beta.
 * Equal to the eps form where x0 is neither clipped nor guided. No noise is drawn in the last step, so that the first entry of the variances, on
 * which conventions differ, never counts; `fixed-small-log` is fixed-small, named as libraries name it.
 */
export function ddpm(schedule: Schedule, options: DdpmOptions): SamplerPlan {
  const { times, variance = 'fixed-small', clip = 0, noiseAtEnd = false } = options;
  refuseEpsAtZeroSnr(schedule);
  const bar = (i: number) => (i < times.length ? schedule.alphaBar[times[i]!]! : 1);
  const steps = times.map((t, i) => {
    const [now, next] = [bar(i), bar(i + 1)];
    const alpha = now / next;
    const beta = 1 - alpha;
    const { x0, signal, level } = preserving(schedule.prediction, now);
    const spread = variance === 'none' ? 0 : variance === 'fixed-large' ? beta : ((1 - next) / (1 - now)) * beta;
    const draws = variance !== 'none' && (noiseAtEnd ? t > 0 : i < times.length - 1);
    return stepOf({
      t,
      c: x0[0],
      d: x0[1],
      clip,
      a: (Math.sqrt(alpha) * (1 - next)) / (1 - now),
      q: (Math.sqrt(next) * beta) / (1 - now),
      noise: draws ? Math.sqrt(Math.max(spread, 1e-20)) : 0,
      draws,
      signal,
      level,
      sigma: schedule.sigmas[t]!,
      next: sigmaOf(next),
    });
  });
  return { name: 'ddpm', initialScale: 1, steps, churnBefore: true };
}
