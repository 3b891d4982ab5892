import { z } from 'zod';
import { about, graph, parameters, picture } from './parts.js';

/** An output by its name. */
const output = z.strictObject({ name: z.string().min(1) });

const measured = {
  ...about,
  graph,
  parameters,
  /** Sides are multiples of this; pictures are cut at the right and bottom. */
  multiple: z.int().min(1).max(1024),
  /** The shortest side that the graph takes. */
  smallest: z.int().min(1).max(4096),
};

/** Two pictures of one size in, their distance out; lower is nearer. LPIPS, DISTS. */
export const distance = z.strictObject({
  ...measured,
  kind: z.literal('distance'),
  /** I_x, and the picture judged. */
  reference: picture,
  image: picture,
  /** One number a picture. */
  distance: output,
  /** The distance before it is averaged over positions, [N, 1, H, W]. */
  map: output.optional(),
});

/** A picture in, what it shows as numbers out. */
export const encoder = z.strictObject({
  ...measured,
  kind: z.literal('encoder'),
  input: picture,
  /** One vector a picture, [N, D]: the class token, or a mean over positions. */
  embedding: output,
  /** One vector for each square of `multiple` pixels, row by row, [N, T, D]. */
  tokens: output.optional(),
});

/** A picture in, its quality out, without reference. NRQM, MUSIQ, CLIPIQA, MANIQA. */
export const quality = z.strictObject({
  ...measured,
  kind: z.literal('quality'),
  input: picture,
  /** One number a picture. */
  quality: output,
  direction: z.enum(['higher', 'lower']),
});
