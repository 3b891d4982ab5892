import type { BlurStep, Degradation, DegradationStep, DownStep } from './contract.js';

/** Taps of the default kernel: the smallest odd integer at least 6 sigma + 1, so that it is cut at 3 sigma or a little beyond. */
export function defaultKernelSize(sigma: number): number {
  const least = Math.ceil(6 * sigma + 1);
  return least % 2 === 1 ? least : least + 1;
}

/** The step with every convention filled in. */
export function resolveBlur(step: BlurStep): Required<BlurStep> {
  return {
    kind: 'blur',
    sigma: step.sigma,
    size: step.size ?? defaultKernelSize(step.sigma),
    border: step.border ?? 'reflect-101',
  };
}

/** The step with every convention filled in: MATLAB's, but OpenCV's for `cubic-opencv`. */
export function resolveDown(step: DownStep): Required<DownStep> {
  const filter = step.filter ?? 'cubic';
  const opencv = filter === 'cubic-opencv';
  return {
    kind: 'down',
    scale: step.scale,
    filter,
    antialias: step.antialias ?? !opencv,
    border: step.border ?? (opencv ? 'replicate' : 'symmetric'),
  };
}

/** The total reduction (Eq. 1's alpha): the product of the `down` steps' scales, 1 without any. */
export function scaleOf(degradation: Degradation): number {
  return degradation.steps.reduce((product, step) => (step.kind === 'down' ? product * step.scale : product), 1);
}

/** Does running it draw random numbers? */
export function isRandom(degradation: Degradation): boolean {
  return degradation.steps.some(
    (step: DegradationStep) => step.kind === 'noise' && (step.distribution === 'poisson' || step.sigma > 0),
  );
}

/**
 * Eq. 12's "information retention rate", gamma = (1 - beta) / alpha. `alpha` is the reduction (`scaleOf`). The paper calls `beta` the
 * signal-to-noise ratio in Eq. 1, where it multiplies the noise, and a degradation factor here: the two do not agree, so beta (0..1) is
 * the caller's own mapping. With beta = 0: SR2 0.5, SR4 0.25 and 1 for any blur, to which gamma is blind.
 */
export function gamma(alpha: number, beta = 0): number {
  return (1 - beta) / alpha;
}
