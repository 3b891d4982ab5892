import { inputScaleOf, preserving, type SamplerPlan, stepOf } from '../plan.js';
import type { Schedule } from '../schedule.js';
import { checkFalling, type SigmaList, told } from './sigma-space.js';

export interface DpmSolverOptions extends SigmaList {
  /** Order of the multistep method, default 2. */
  readonly order?: 1 | 2 | 3;
  /** The stochastic form (SDE-DPM-Solver++). */
  readonly stochastic?: boolean;
  /** How the second-order term is weighted. */
  readonly correction?: 'midpoint' | 'heun';
  /** Lower the order at the end of short lists (fewer than 15 steps); default true. */
  readonly lowerOrderFinal?: boolean;
  /** Always end by a first-order step. */
  readonly eulerFinal?: boolean;
  /** Index at which sampling starts: the first step has no past to build on, wherever it is. */
  readonly start?: number;
}

interface Point {
  readonly alpha: number;
  readonly level: number;
  readonly lambda: number;
}

function pointOf(sigma: number): Point {
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
  return { alpha, level: sigma * alpha, lambda: -Math.log(sigma) };
}

/** Weights of D0, D1, D2 in exponential integrators of the data prediction; h may be infinite at the end. */
function weights(alpha: number, h: number, stochastic: boolean, midpoint: boolean) {
  const k = stochastic ? 2 * h : h;
  const full = alpha * -Math.expm1(-k);
  if (midpoint) return { full, first: 0.5 * full, second: 0 };
  const phi1 = Math.expm1(-k) / k;
  return { full, first: alpha * (phi1 + 1), second: -alpha * ((Math.expm1(-k) + k) / k ** 2 - 0.5) };
}

function orderAt(i: number, count: number, final: number, options: DpmSolverOptions): number {
  const { order = 2, lowerOrderFinal = true, eulerFinal = false, start = 0 } = options;
  const short = lowerOrderFinal && count < 15;
  // The step to sigma = 0 has an infinite h: only the first order is finite there.
  if (i === count - 1 && (eulerFinal || short || final === 0)) return 1;
  return Math.min(order, Math.max(1, i - start + 1), i === count - 2 && short ? 2 : 3);
}

/**
 * DPM-Solver++ (Lu et al. 2022), multistep, data prediction, lambda = log(alpha / level), h = lambda' - lambda:
 *   z' = (level' / level) z - alpha' (e^-h - 1) D0 + ...,  D1 = (x0 - x0_prev) / r, r = h_prev / h
 * and its stochastic form with e^-2h and noise level' sqrt(1 - e^-2h). The first step is DDIM's.
 */
export function dpmSolver(schedule: Schedule, options: DpmSolverOptions): SamplerPlan {
  const { times, sigmas, stochastic = false, correction = 'midpoint', order = 2, quantised = false } = options;
  checkFalling('dpm-solver++', sigmas);
  const points = sigmas.map(pointOf);
  const steps = times.map((t, i) => {
    const [now, next] = [points[i]!, points[i + 1]!];
    const h = next.lambda - now.lambda;
    const use = orderAt(i, times.length, sigmas.at(-1)!, options);
    const { full, first, second } = weights(next.alpha, h, stochastic, correction === 'midpoint' && use === 2);
    const [q, ...history] = combine(use, full, first, second, i, points, h);
    const seen = told(schedule, sigmas[i]!, t, quantised);
    // The network sees z at the level that it is told of: both are z in the exploding view, scaled each by its own level.
    const inputScale = inputScaleOf(seen.sigma) / now.alpha;
    const { x0 } = preserving(schedule.prediction, inputScaleOf(seen.sigma) ** 2);
    return stepOf({
      t: seen.t,
      inputScale: quantised ? inputScale : 1,
      c: x0[0] * (quantised ? inputScale : 1),
      d: x0[1],
      a: (next.level / now.level) * (stochastic ? Math.exp(-h) : 1),
      q: q!,
      history,
      noise: stochastic ? next.level * Math.sqrt(-Math.expm1(-2 * h)) : 0,
      draws: stochastic,
      signal: now.alpha,
      level: now.level,
      sigma: sigmas[i]!,
      next: sigmas[i + 1]!,
    });
  });
  return { name: `${stochastic ? 'sde-' : ''}dpm-solver++${order}m`, initialScale: 1, steps, churnBefore: true };
}

/** Coefficients of x0 and of the earlier predictions: D1 and D2 spelt out. */
function combine(
  order: number,
  full: number,
  first: number,
  second: number,
  i: number,
  points: readonly Point[],
  h: number,
): number[] {
  if (order === 1) return [full];
  const r0 = (points[i]!.lambda - points[i - 1]!.lambda) / h;
  if (order === 2) return [full + first / r0, -first / r0];
  const r1 = (points[i - 1]!.lambda - points[i - 2]!.lambda) / h;
  // D1 = A + r0 / (r0 + r1) (A - B), D2 = (A - B) / (r0 + r1), A = (x0 - x1) / r0, B = (x1 - x2) / r1
  const onA = first * (1 + r0 / (r0 + r1)) + second / (r0 + r1);
  const onB = -first * (r0 / (r0 + r1)) - second / (r0 + r1);
  return [full + onA / r0, -onA / r0 + onB / r1, -onB / r1];
}
