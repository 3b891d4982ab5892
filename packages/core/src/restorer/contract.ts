import type { Degradation } from '../degradation/contract.js';
import type { Image } from '../image/contract.js';
import type { CallOptions } from '../progress.js';

/** How a picture is cut for running: part of a result's identity, a property of running and not of a model. */
export interface TilePlan {
  /** Side of the square core in input pixels. */
  readonly size: number;
  /** Context read around each core, in input pixels. */
  readonly overlap: number;
}

export interface RestoreOptions extends CallOptions {
  readonly seed?: number | bigint;
  /** `none` runs the whole picture at once; `auto` (default) tiles only above the restorer's own limit. */
  readonly tile?: TilePlan | 'auto' | 'none';
  /** What was done to the picture; needed by restorers with `needs.degradation` (classical deconvolution), ignored by blind ones. */
  readonly degradation?: Degradation;
}

/** Eq. 2: image in, image out. */
export interface Restorer {
  /** Short name, unique in a registry: `restorer-s`, `wiener`. */
  readonly id: string;
  /** Everything that changes its output: model hash, settings, tuned constants. */
  readonly identity: string;
  readonly family: 'none' | 'classical' | 'direct' | 'autoencoder' | 'latent-diffusion';
  /** Output side / input side. */
  readonly scale: number;
  readonly needs: { readonly degradation: boolean };
  /** Does its output depend on the seed? Absent: it may. Studies run what does not for one seed only. */
  readonly draws?: boolean;
  /** Sampling steps that a run takes, of those that sample: what reports state beside Figures 6 and 7. */
  readonly stepCount?: number;
  /** Numbers of the picture for one number of the latent that it passes through (12 for f8 with 16 channels); absent: it passes none. */
  readonly compression?: number | undefined;
  /** Of restorers told the degradation: the identity for this one, its tuned constants named. @throws UsageError `IR_E_DEGRADATION` where refused */
  identityFor?(degradation: Degradation): string;
  restore(image: Image, options?: RestoreOptions): Promise<Image>;
  /** Idempotent; use afterwards is an IR_E_DISPOSED error. */
  dispose(): Promise<void>;
}

/** What whoever runs a restorer fixes where its settings say nothing. */
export interface RunDefaults {
  /** Threads of a network's session. */
  readonly threads?: number;
}

/** A restorer that can be asked for by id, with settings (already checked against its schema). */
export interface RestorerDefinition {
  readonly id: string;
  readonly describe: string;
  /** Settings come from a study's spec or the command line; unknown keys are refused by the implementation. */
  create(settings: Readonly<Record<string, unknown>>, defaults?: RunDefaults): Promise<Restorer>;
}
