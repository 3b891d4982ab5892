import type { Score } from './contract.js';

/** What no number stands for has a reason, whatever the metric says. */
export function finite(score: Score): Score {
  if (score.value === null) return { value: null, reason: score.reason };
  return Number.isFinite(score.value) ? { value: score.value } : { value: null, reason: 'not-finite' };
}
