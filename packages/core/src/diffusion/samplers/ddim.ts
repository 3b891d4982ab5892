import { preserving, type SamplerPlan, stepOf } from '../plan.js';
import { refuseEpsAtZeroSnr, type Schedule, sigmaOf } from '../schedule.js';

export interface DdimOptions {
  /** Times from high to low. */
  readonly times: readonly number[];
  /** 0: deterministic; 1: the spread of ancestral sampling. */
  readonly eta?: number;
  /** abar after the last step: 1 (default), or that of time 0. */
  readonly finalAlphaBar?: 'one' | 'first';
  /** Each step leads to the next time of the list (default), or `stride` times down, as diffusers has it. */
  readonly stride?: number;
  readonly clip?: number;
  /** Recompute eps from the clipped x0 (default false, as in diffusers: the direction keeps the network's own). */
  readonly epsFromClipped?: boolean;
}

/** DDIM (Song et al. 2021): z' = sqrt(abar') x0 + sqrt(1 - abar' - s^2) eps + s n, s = eta sqrt((1 - abar') / (1 - abar)) sqrt(1 - abar / abar'). */
export function ddim(schedule: Schedule, options: DdimOptions): SamplerPlan {
  refuseEpsAtZeroSnr(schedule);
  const { times, eta = 0, stride, clip = 0, epsFromClipped = false } = options;
  const { alphaBar, prediction } = schedule;
  const final = options.finalAlphaBar === 'first' ? alphaBar[0]! : 1;
  const steps = times.map((t, i) => {
    const previous = stride === undefined ? (times[i + 1] ?? -1) : t - stride;
    const [now, next] = [alphaBar[t]!, previous >= 0 ? alphaBar[previous]! : final];
    const { x0, eps, signal, level } = preserving(prediction, now);
    const spread = eta * Math.sqrt(((1 - next) / (1 - now)) * (1 - now / next));
    const along = Math.sqrt(Math.max(0, 1 - next - spread ** 2));
    const toward = Math.sqrt(next);
    const levels = { signal, level, sigma: schedule.sigmas[t]!, next: sigmaOf(next) };
    const common = { t, c: x0[0], d: x0[1], clip, noise: spread, draws: eta > 0, ...levels };
    // eps = (z - signal x0) / level where it follows x0, else straight from z and m.
    return epsFromClipped
      ? stepOf({ ...common, a: along / level, q: toward - (along * signal) / level })
      : stepOf({ ...common, a: along * eps[0], b: along * eps[1], q: toward });
  });
  return { name: 'ddim', initialScale: 1, steps, churnBefore: true };
}
