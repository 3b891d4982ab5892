import type { SamplerStep } from '../plan.js';
import type { StepArithmetic } from '../sample.js';
import type { Prediction } from '../schedule.js';

const f = Math.fround;

/**
 * Levels sigma above which a step is computed in the library's own order of float32 operations. There a sample is a thousand times what is left of it
 * in the end and more, and so is its rounding: (z - sigma eps) and z + (z - x0) / sigma * (sigma' - sigma) cancel to 1e-3 of the next sample at
 * sigma = 20291, where the fused step, which forms neither, keeps seven digits. What was recorded there is the library's rounding.
 */
const FROM = 1000;

type Values = Float32Array;
type Take = StepArithmetic['take'];

const map = (values: Values, of: (value: number, i: number) => number): Values => Float32Array.from(values, of);

const squareOf = (sigma: number): number => f(f(sigma * sigma) + 1);
/** sqrt(sigma^2 + 1), the size of a sample at sigma. */
const sizeOf = (sigma: number): number => f(Math.sqrt(squareOf(sigma)));

/** x0 in the variance-exploding view, as the library writes it. */
function exploded(prediction: Prediction, sigma: number, z: Values, m: Values): Values {
  if (prediction === 'x0') return m.slice();
  if (prediction === 'eps') return map(z, (value, i) => value - f(sigma * m[i]!));
  const square = squareOf(sigma);
  const factor = f(-sigma / sizeOf(sigma));
  return map(z, (value, i) => f(m[i]! * factor) + f(value / square));
}

const clipped = (x0: Values, { clip }: SamplerStep): Values =>
  clip > 0 ? map(x0, (value) => Math.min(clip, Math.max(-clip, value))) : x0;

const slope = (z: Values, x0: Values, sigma: number): Values => map(z, (value, i) => f(value - x0[i]!) / sigma);

const along = (z: Values, derivative: Values, by: number): Values =>
  map(z, (value, i) => value + f(derivative[i]! * by));

/** Along the slope from sigma to another level. */
function descend(prediction: Prediction, sigma: number, to: number, z: Values, m: Values) {
  const x0 = exploded(prediction, sigma, z, m);
  return { z: along(z, slope(z, x0, sigma), f(to - sigma)), x0 };
}

function euler(prediction: Prediction): Take {
  return (step, { z, m }) => {
    const [sigma, next] = [f(step.sigma), f(step.next)];
    if (step.churn > 0 || sigma < FROM) return undefined;
    return descend(prediction, sigma, next, z, m);
  };
}

function ancestral(prediction: Prediction): Take {
  return (step, { z, m, n }) => {
    const [sigma, next] = [f(step.sigma), f(step.next)];
    if (sigma < FROM) return undefined;
    const [from, to] = [f(sigma * sigma), f(next * next)];
    const up = f(Math.sqrt(f(f(to * f(from - to)) / from)));
    const down = f(Math.sqrt(f(to - f(up * up))));
    const moved = descend(prediction, sigma, down, z, m);
    return n ? { ...moved, z: along(moved.z, n, up) } : moved;
  };
}

/** Both slopes are taken from where the step began, which is kept for the second. */
function heun(prediction: Prediction): Take {
  let begun: { readonly z: Values; readonly derivative: Values; readonly by: number } | undefined;
  return (step, { z, m }) => {
    const sigma = f(step.sigma);
    const before = begun;
    begun = undefined;
    if (!before && sigma < FROM) return undefined;
    const x0 = clipped(exploded(prediction, sigma, z, m), step);
    const derivative = slope(z, x0, sigma);
    if (!before) {
      begun = { z, derivative, by: f(f(step.next) - sigma) };
      return { z: along(z, derivative, begun.by), x0 };
    }
    return {
      z: along(
        before.z,
        map(before.derivative, (value, i) => f(value + derivative[i]!) / 2),
        before.by,
      ),
      x0,
    };
  };
}

/** Only x0 = (z - sigma_t eps) / alpha_t cancels; what follows is a sum of samples of size 1. */
function dpmSolver(prediction: Prediction): Take {
  return (step, { z, m, h, g = 0, n, sigma: amount = 0 }) => {
    const sigma = f(step.sigma);
    if (prediction !== 'eps' || sigma < FROM) return undefined;
    const alpha = f(1 / sizeOf(sigma));
    const level = f(sigma * alpha);
    const x0 = map(z, (value, i) => f(value - f(level * m[i]!)) / alpha);
    const { a, q } = step;
    return { z: map(z, (value, i) => a * value + q * x0[i]! + (h ? g * h[i]! : 0) + (n ? amount * n[i]! : 0)), x0 };
  };
}

/** z / sqrt(sigma^2 + 1), for networks that see a sample of size 1. */
const scaledInput: StepArithmetic['input'] = (step, z) => {
  const sigma = f(step.sigma);
  if (sigma < FROM) return undefined;
  const size = sizeOf(sigma);
  return map(z, (value) => value / size);
};

/** How a class of diffusers 0.42.1 rounds the steps that begin far above the data; nothing for the classes that never leave its scale. */
export function libraryRoundings(cls: string, prediction: Prediction): StepArithmetic | undefined {
  switch (cls) {
    case 'EulerDiscreteScheduler':
      return { input: scaledInput, take: euler(prediction) };
    case 'EulerAncestralDiscreteScheduler':
      return { input: scaledInput, take: ancestral(prediction) };
    case 'HeunDiscreteScheduler':
      return { input: scaledInput, take: heun(prediction) };
    case 'DPMSolverMultistepScheduler':
      return { input: () => undefined, take: dpmSolver(prediction) };
    default:
      return undefined;
  }
}
