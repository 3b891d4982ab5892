import type { Image } from '../image/contract.js';

/** Why a score is undefined: a closed, documented list. */
export type Reason =
  | 'identical'
  | 'too-small'
  | 'no-valid-blocks'
  | 'no-reference'
  | 'no-input'
  | 'degradation-unknown'
  | 'model-missing'
  | 'not-finite';

export type Score = { readonly value: number } | { readonly value: null; readonly reason: Reason };

export interface MetricInput {
  /** I_x; absent for no-reference use. */
  readonly reference?: Image;
  /** The picture judged, ^I_x. */
  readonly image: Image;
  readonly signal?: AbortSignal;
}

/** A metric with every convention that changes its number fixed. */
export interface Metric {
  readonly alias: string;
  /** Carries every convention, for example `ssim[y-studio,win=gauss11-1.5,border=valid,crop=4]@1`. */
  readonly id: string;
  readonly direction: 'higher' | 'lower';
  readonly needs: { readonly reference: boolean };
  score(input: MetricInput): Promise<Score>;
}

export interface MetricSettings {
  /** Pixels removed on every side of both pictures before anything else. */
  readonly crop?: number;
}

/** One registry line: what the metric is and how to make it. */
export interface MetricDefinition {
  readonly alias: string;
  readonly describe: string;
  readonly direction: 'higher' | 'lower';
  readonly range: readonly [number, number];
  readonly needs: { readonly reference: boolean };
  /** Paper or code that defines it. */
  readonly source: string;
  create(settings?: MetricSettings): Metric;
}
