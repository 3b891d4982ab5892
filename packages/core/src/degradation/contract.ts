/** Borders: reflect-101 `c b|a b c|b a`, symmetric `b a|a b c|c b` (MATLAB), replicate `a a|a b c|c c`. */
export type Border = 'reflect-101' | 'symmetric' | 'replicate';

/** Resampling filters: `cubic` is MATLAB's bicubic (a = -0.5), `cubic-opencv` is a = -0.75 without antialiasing. */
export type ResampleFilter = 'cubic' | 'linear' | 'box' | 'lanczos3' | 'cubic-opencv';

/** Sampled Gaussian, truncated to `size` taps (default: smallest odd >= 6 sigma + 1) and renormalised. Eq. 1's D. */
export interface BlurStep {
  readonly kind: 'blur';
  /** Standard deviation in pixels, 0.1..50. */
  readonly sigma: number;
  readonly size?: number;
  readonly border?: Border;
}

/** Reduction by `scale` (Eq. 1's alpha): each side becomes ceil(side / scale). */
export interface DownStep {
  readonly kind: 'down';
  readonly scale: number;
  readonly filter?: ResampleFilter;
  readonly antialias?: boolean;
  readonly border?: Border;
}

/** Additive Gaussian noise (Eq. 1's beta N); `sigma` in grey levels of 255. */
export interface GaussianNoiseStep {
  readonly kind: 'noise';
  readonly distribution: 'gaussian';
  readonly sigma: number;
  /** One noise plane for all channels. */
  readonly grey?: boolean;
}

/** Poisson noise; `peak` is the expected count at value 1.0. */
export interface PoissonNoiseStep {
  readonly kind: 'noise';
  readonly distribution: 'poisson';
  readonly peak: number;
  readonly grey?: boolean;
}

/** A JPEG round trip (libjpeg-turbo, 4:2:0), quality 1..100. */
export interface JpegStep {
  readonly kind: 'jpeg';
  readonly quality: number;
}

export type DegradationStep = BlurStep | DownStep | GaussianNoiseStep | PoissonNoiseStep | JpegStep;

/** Eq. 1 as plain data: steps applied in order; the result is rounded to `depth` bits (default 8; 32 = not rounded). */
export interface Degradation {
  /** For people; not part of the identity. */
  readonly name?: string;
  readonly steps: readonly DegradationStep[];
  readonly depth?: 8 | 16 | 32;
}
