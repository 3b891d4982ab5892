import type { Degradation } from '../degradation/contract.js';
import type { Image } from '../image/contract.js';

/** Why a score is undefined: a closed list, explained in docs/conventions.md. */
export const REASONS = [
  'identical',
  'too-small',
  'no-valid-blocks',
  'no-reference',
  'no-input',
  'degradation-unknown',
  'model-missing',
  'not-finite',
] as const;

export type Reason = (typeof REASONS)[number];

export type Score = { readonly value: number } | { readonly value: null; readonly reason: Reason };

/** How I_y was made from I_x: D with the seed of its noise. */
export interface AppliedDegradation {
  readonly degradation: Degradation;
  /** Default 0. */
  readonly seed?: number | bigint;
  /** `imageHash` of the picture that was degraded, by which its noise is drawn; default that of the reference, cut to D's scale. */
  readonly sourceHash?: string;
}

/**
 * What is judged. A metric may keep what it has prepared (bytes, embeddings) for as long as this very object lives: hand the same object to all
 * metrics of a pair, and do not alter its pictures.
 */
export interface MetricInput {
  /** I_x; absent for no-reference use. */
  readonly reference?: Image;
  /** The picture judged, ^I_x. */
  readonly image: Image;
  /** I_y, for consistency and Eq. 15. */
  readonly input?: Image;
  /** D, for consistency and alignment; absent where it is not known. */
  readonly applied?: AppliedDegradation;
  readonly signal?: AbortSignal;
}

/** What has to be given or installed for a number. */
export interface MetricNeeds {
  readonly reference: boolean;
  /** I_y; `maybe`: by the degradation. */
  readonly input?: boolean | 'maybe';
  readonly degradation?: boolean;
  /** The kind of network, for example `lpips-alex` or `any encoder`. */
  readonly network?: string;
}

/** A metric with every convention that changes its number fixed. */
export interface Metric {
  readonly alias: string;
  /** Carries every convention, for example `ssim[y-studio,win=gauss11-1.5,border=valid,crop=4]@1`. */
  readonly id: string;
  readonly direction: 'higher' | 'lower';
  readonly needs: MetricNeeds;
  score(input: MetricInput): Promise<Score>;
  /** Ends what the metric holds (a network's worker); idempotent, and the metric may be used again. */
  dispose?(): Promise<void>;
}

export interface MetricSettings {
  /** Pixels removed on every side of both pictures before anything else. */
  readonly crop?: number;
  /** Id of the installed encoder that alignment looks through. */
  readonly encoder?: string;
  /** What of the picture an encoder sees; default `native`: all of it, cut at the right and bottom to the encoder's multiple. */
  readonly alignSize?: 'native' | 'crop224' | 'tiles';
  /** Eq. 14 (`gt`) or Eq. 15 (`input`); by default the degradation decides where the paper names it. */
  readonly alignment?: 'gt' | 'input';
}

/** One registry line: what the metric is and how to make it. */
export interface MetricDefinition {
  readonly alias: string;
  readonly describe: string;
  readonly direction: 'higher' | 'lower';
  readonly range: readonly [number, number];
  readonly needs: MetricNeeds;
  /** Paper or code that defines it. */
  readonly source: string;
  create(settings?: MetricSettings): Metric;
}
