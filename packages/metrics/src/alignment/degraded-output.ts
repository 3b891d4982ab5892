import {
  cropToMultiple,
  degrade,
  type Image,
  imageHash,
  isRandom,
  type MetricInput,
  type Reason,
  scaleOf,
} from '@ir/core';

const made = new WeakMap<MetricInput, Promise<Image | Reason>>();

/**
 * D(^I_x): the degradation of the input, with its noise, applied to the output; or why it cannot be. Made once for an input. The noise belongs to
 * the picture that was degraded, so a random D needs the reference (cut to D's scale, as the protocol cuts it) or that picture's hash.
 */
export function degradedOutput(input: MetricInput): Promise<Image | Reason> {
  const found = made.get(input) ?? make(input);
  made.set(input, found);
  return found;
}

async function make({ image, reference, applied, signal }: MetricInput): Promise<Image | Reason> {
  if (!applied) return 'degradation-unknown';
  const { degradation, seed = 0 } = applied;
  const call = signal ? { signal } : {};
  let { sourceHash } = applied;
  if (sourceHash === undefined && isRandom(degradation)) {
    if (!reference) return 'no-reference';
    const scale = scaleOf(degradation);
    sourceHash = await imageHash(Number.isInteger(scale) ? cropToMultiple(reference, scale) : reference, call);
  }
  return degrade(image, degradation, { seed, ...call, ...(sourceHash === undefined ? {} : { sourceHash }) });
}
