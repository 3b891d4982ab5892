import type { Image } from '../../image/contract.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { NetworkRun } from '../../network/index.js';
import type { CallOptions } from '../../progress.js';
import type { RestoreOptions, Restorer } from '../contract.js';
import type { Grid } from './grid.js';

/** T (Eq. 6): a picture in words. */
export interface Captioner {
  /** By which a manifest names it; part of a result's identity, so a change of its words changes the id. */
  readonly id: string;
  caption(image: Image, options?: CaptionOptions): Promise<string>;
}

export interface CaptionOptions extends CallOptions {
  /** Also how sharp, grainy or blocky the picture is, where the captioner can tell; default: its content alone. */
  readonly quality?: boolean;
}

/** One step of a run (Figures 8, 9). The arrays belong to the receiver. */
export interface LatentStep {
  /** From 0, of `count` entries of the plan (two a step with Heun's method). */
  readonly index: number;
  readonly count: number;
  /** Time given to the network. */
  readonly t: number;
  readonly sigma: number;
  /** The latent after the step, z_{t-1}, padded as it is sampled. */
  readonly z: Grid;
  /** The predicted clean sample. */
  readonly x0: Grid;
  /** A picture of the predicted clean sample (default) or of z, cropped and colour-corrected like the result. */
  decode(what?: 'x0' | 'z'): Promise<Image>;
}

/** A restorer by a conditional latent diffusion model, and the stages inside it. */
export interface LatentRestorer extends Restorer {
  readonly family: 'latent-diffusion';
  readonly manifest: LatentManifest;
  /** Steps that a run takes, after a start inside or `until` has cut them: the count to report beside Figures 6 and 7; 0 at stages that sample nothing. */
  readonly stepCount: number;
  /** What runs the graphs; several providers are told as `cuda+cpu`. */
  readonly ran: NetworkRun;
  /**
   * The same open parts under other settings, over those given before: for sweeps, without opening graphs again. Ends with this restorer; its own
   * `dispose` does nothing.
   */
  under(settings: Readonly<Record<string, unknown>>): LatentRestorer;
  /** Step by step; nothing is decoded unless asked for. @throws UsageError `IR_E_USAGE` at stages that sample nothing */
  steps(image: Image, options?: RestoreOptions): AsyncGenerator<LatentStep, void, undefined>;
  /** I_reg = M_phi(I_y) (Eq. 3). */
  initial(image: Image, options?: RestoreOptions): Promise<Image>;
  /** Dec(E(x)) of a picture (Eq. 5): what the latent bottleneck alone costs. */
  reconstruct(image: Image, options?: RestoreOptions): Promise<Image>;
}
