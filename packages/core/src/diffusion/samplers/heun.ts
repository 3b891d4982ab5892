import { exploding, inputScaleOf, type SamplerPlan, type SamplerStep, stepOf } from '../plan.js';
import type { Schedule } from '../schedule.js';
import { checkFalling, type SigmaList, told } from './sigma-space.js';

export interface HeunOptions extends SigmaList {
  readonly clip?: number;
  readonly start?: 'sigma' | 'sqrt(sigma^2+1)';
}

/**
 * Heun's method in sigma space: an Euler step to z~, then half of both slopes. With the first prediction X1 at sigma and the second X2 at sigma'
 * the corrected sample is z~ + (sigma' - sigma) / (2 sigma') (X1 - X2): the clean samples alone are needed, not the first z. Two network
 * evaluations a step; the last step, to 0, is Euler's.
 */
export function heun(schedule: Schedule, options: HeunOptions): SamplerPlan {
  const { times, sigmas, clip = 0, quantised = false } = options;
  checkFalling('heun', sigmas);
  const at = (t: number, sigma: number, rest: Partial<SamplerStep>) => {
    const seen = told(schedule, sigma, t, quantised);
    const [c, d] = exploding(schedule.prediction, seen.sigma);
    const levels = { signal: 1, level: sigma, sigma };
    return stepOf({ t: seen.t, inputScale: inputScaleOf(seen.sigma), c, d, clip, ...levels, ...rest });
  };
  const steps = times.flatMap((t, i) => {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!];
    const rate = (next - sigma) / sigma;
    const predictor = at(t, sigma, { a: 1 + rate, q: -rate, next });
    if (i === times.length - 1) return [predictor];
    const half = (next - sigma) / (2 * next);
    return [predictor, at(times[i + 1]!, next, { a: 1, q: -half, history: [half], next })];
  });
  const first = Math.max(...sigmas);
  const initialScale = options.start === 'sqrt(sigma^2+1)' ? Math.sqrt(first ** 2 + 1) : first;
  return { name: 'heun', initialScale, steps, churnBefore: true };
}
