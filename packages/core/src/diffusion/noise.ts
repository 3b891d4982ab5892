import { streamOfHash } from '../degradation/stream.js';

/** What a field of noise is for; each purpose has a stream of its own, so that no two ever share values. */
export type NoisePurpose = 'start' | 'step' | 'churn' | 'encode';

/** Noise as a function of (seed, picture, purpose, step, position): made inside the kernel by Philox, equal whatever the tiles or threads. */
export interface PhiloxNoise {
  readonly kind: 'philox';
  readonly seed: number | bigint;
  /** The generator's stream number for a purpose. */
  stream(purpose: NoisePurpose): number;
}

/** Noise given from outside, by the number of the draw (from 0) in the order in which the method draws: how published runs are replayed. */
export interface GivenNoise {
  readonly kind: 'given';
  draw(k: number): Float32Array;
}

export type NoiseSource = PhiloxNoise | GivenNoise;

/** The noise of one picture. @param imageHash `imageHash` of the picture that is restored */
export function philoxNoise(seed: number | bigint, imageHash: string): PhiloxNoise {
  return { kind: 'philox', seed, stream: (purpose) => streamOfHash(imageHash, `sampler/${purpose}`) };
}
