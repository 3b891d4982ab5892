import { type DenoiserFunction, type SampleOptions, type SamplerPlan, sample } from '../index.js';

/** The toy network of the scalar goldens: m = z t / (t + 1). */
export const toy: DenoiserFunction = (z, { t }) => z.map((v) => (v * t) / (t + 1));

/** Noise that is always 0. */
export const silent = { kind: 'given', draw: () => new Float32Array(1) } as const;

/** The last step of a run, by default of the toy network without noise. */
export async function finish(
  plan: SamplerPlan,
  z: ArrayLike<number>,
  more: Partial<SampleOptions> = {},
): Promise<{ z: Float32Array; x0: Float32Array }> {
  let last: { z: Float32Array; x0: Float32Array } | undefined;
  for await (const step of sample({ plan, model: toy, noise: silent, z: Float32Array.from(z), ...more })) last = step;
  return last!;
}
