import { z } from 'zod';
import { graph, parameters, picture, side } from './parts.js';

/** Schemas that every model with a latent space shares. */

export const name = z.string().min(1);
export const shape = <N extends number>(_rank: N) => z.array(side).length(_rank);
export const float = z.literal('float32').default('float32');

/** Tensors [1, C, h, w]: sides are numbers where fixed, names where free. */
export const grid = z.strictObject({ name, shape: shape(4), dtype: float });

/** A part that is a graph of its own. */
export const part = { graph, parameters };

/** How far, in pixels of the picture, a sample is felt: the context with which the part is run in tiles. */
export const reach = z.int().min(0).max(4096);

/** E (Eq. 5, 7): a picture to moments (means and logarithms of variances, one after another) or to a latent directly. */
export const encoder = z.strictObject({
  ...part,
  input: picture,
  output: grid,
  gives: z.enum(['moments', 'latent']),
  reach,
});

/** Dec (Eq. 5, 11). */
export const decoder = z.strictObject({ ...part, input: grid, output: picture, reach });

export const numbers = z.array(z.number()).min(1);

/** z of the autoencoder's own e: (e - shift) scale, or (e - mean) / deviation channel by channel. */
const normalisation = z.union([
  z.strictObject({ scale: z.number().positive(), shift: z.number().default(0) }),
  z.strictObject({ mean: numbers, deviation: z.array(z.number().positive()).min(1) }),
]);

export const latent = z.strictObject({
  channels: z.int().min(1).max(256),
  /** Picture side / latent side. */
  factor: z.int().min(1).max(64),
  normalisation,
});

/** How pictures of any size are brought to what the graphs take. */
export const running = {
  /** The picture is padded at the right and bottom to multiples of this; a multiple of the factor. */
  multiple: z.int().min(1).max(1024),
  padding: z.enum(['reflect', 'zero']).default('reflect'),
  /** The shortest side of a picture (of I_reg) that makes sense. */
  minSide: z.int().min(1).max(4096).default(1),
  /** Pictures above this many pixels are tiled by default, by `tile`. */
  maxPixels: z.int().min(4096),
  tile: z.strictObject({ size: z.int().min(16), overlap: z.int().min(0) }),
};

/** Where parts do not fit each other, each with the place to mend. */
export interface Misfit {
  readonly path: readonly (string | number)[];
  /** What would fit. */
  readonly expected: string;
}

export interface AutoencoderContents {
  readonly parts: {
    readonly encoder: z.output<typeof encoder>;
    readonly decoder: z.output<typeof decoder>;
    /** Another encoder for c_f. */
    readonly conditionEncoder?: z.output<typeof encoder> | undefined;
  };
  readonly latent: z.output<typeof latent>;
  readonly multiple: number;
}

/** A tensor at a place of the manifest that has to have so many channels. */
export type StatedGrid = readonly [path: (string | number)[], shape: readonly (string | number)[], wanted: number];

export function* gridMisfits(grids: readonly StatedGrid[]): Generator<Misfit> {
  for (const [path, sides, wanted] of grids)
    if (typeof sides[1] === 'number' && sides[1] !== wanted)
      yield { path: [...path, 1], expected: `${wanted} channels` };
}

/** What encoders and decoder do not agree on with each other and the latent. */
export function* autoencoderMisfits({ parts, latent, multiple }: AutoencoderContents): Generator<Misfit> {
  const { channels, factor, normalisation: n } = latent;
  const { encoder, conditionEncoder, decoder } = parts;
  if (multiple % factor !== 0) yield { path: ['multiple'], expected: `a multiple of latent.factor, ${factor}` };
  for (const [key, end, port] of [
    ['encoder', 'input', encoder.input],
    ['conditionEncoder', 'input', conditionEncoder?.input],
    ['decoder', 'output', decoder.output],
  ] as const)
    if (port?.colour === 'grey') yield { path: ['parts', key, end, 'colour'], expected: 'RGB or BGR' };
  if ('mean' in n)
    for (const key of ['mean', 'deviation'] as const)
      if (n[key].length !== channels)
        yield { path: ['latent', 'normalisation', key], expected: `${channels} numbers, one a channel` };
  const encoders = [
    ['encoder', encoder],
    ['conditionEncoder', conditionEncoder],
  ] as const;
  yield* gridMisfits([
    [['parts', 'decoder', 'input', 'shape'], decoder.input.shape, channels],
    ...encoders.flatMap(([key, one]): StatedGrid[] => {
      if (!one) return [];
      const wanted = one.gives === 'moments' ? 2 * channels : channels;
      return [[['parts', key, 'output', 'shape'], one.output.shape, wanted]];
    }),
  ]);
}
