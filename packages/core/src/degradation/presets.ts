import type { Degradation } from './contract.js';

const sr = (scale: number): Degradation => ({ name: `SR${scale}`, steps: [{ kind: 'down', scale }] });
const blur = (sigma: number): Degradation => ({ name: `Blur${sigma}`, steps: [{ kind: 'blur', sigma }] });

/**
 * The four tasks of the study. SR2 and SR4: MATLAB-bicubic reduction (antialiased, symmetric border), rounded to 8 bit, no noise. Blur1 and
 * Blur20: Gaussian of 7 and 121 taps (smallest odd at least 6 sigma + 1), border reflect-101, rounded to 8 bit. The paper states the
 * scales and sigmas only; kernel size, resampler, border and rounding are this project's choice and part of every identity.
 */
export const PRESETS: readonly (Degradation & { readonly name: string })[] = [
  sr(2),
  sr(4),
  blur(1),
  blur(20),
] as (Degradation & {
  readonly name: string;
})[];
