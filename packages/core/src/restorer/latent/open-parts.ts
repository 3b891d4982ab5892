import type { LatentManifest } from '../../models/manifest.js';
import type { Network, NetworkRun } from '../../network/index.js';
import type { Tensor } from '../../network/protocol.js';
import type { DirectRestorer } from '../direct/direct.js';
import type { Captioner } from './contract.js';
import type { Tokenizer } from './tokenizer.js';

/** c_t (Eq. 6): what a text is to the denoiser. */
export interface Conditioning {
  /** [1, tokens, D]. */
  readonly context?: Tensor;
  /** [1, D]. */
  readonly vector?: Tensor;
}

export type Parts = LatentManifest['parts'];
export type Text = NonNullable<Parts['text']>;
export type TextEncoder = Extract<Text, { kind: 'encoders' }>['encoders'][number];

/** Everything of a model that is open: nothing of it fits badly any more. */
export interface OpenParts {
  readonly network: (name: string) => Network;
  /** What runs each graph, that of an initial restoration included. */
  readonly runs: () => readonly NetworkRun[];
  readonly initial: DirectRestorer | undefined;
  readonly captioner: Captioner | undefined;
  readonly tokenizers: readonly Tokenizer[];
  /** What stands in for a text encoder. */
  readonly fixed: { readonly conditional: Conditioning; readonly unconditional: Conditioning | undefined } | undefined;
  dispose(): Promise<void>;
}
