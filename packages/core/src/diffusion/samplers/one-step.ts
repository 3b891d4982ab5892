import { preserving, type SamplerPlan, stepOf } from '../plan.js';
import { refuseEpsAtZeroSnr, type Schedule } from '../schedule.js';

/**
 * One-step prediction (Figure 8): from z_t = sqrt(abar) z_0 + sqrt(1 - abar) eps straight to x0. With eps-prediction errors grow by
 * 1 / sqrt(abar) (14.65 at t = 999 of Stable Diffusion's schedule); with v they stay bounded.
 */
export function onePrediction(schedule: Schedule, t: number): SamplerPlan {
  refuseEpsAtZeroSnr(schedule);
  const { x0, signal, level } = preserving(schedule.prediction, schedule.alphaBar[t]!);
  const step = stepOf({ t, c: x0[0], d: x0[1], q: 1, signal, level, sigma: schedule.sigmas[t]! });
  return { name: 'one-step', initialScale: 1, steps: [step], churnBefore: true };
}
