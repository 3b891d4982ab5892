import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A side of a tensor: a number where fixed, a name where free. */
export const side = z.union([z.int().min(1), z.string().min(1)]);

/** A file in the model's folder or below it; whether a link leads out of it is checked when it is opened. */
const file = z
  .string()
  .min(1)
  .refine(
    (path) => !/^([/\\]|[a-z]:)|\\|\0/i.test(path) && !path.split('/').includes('..'),
    'a relative path with forward slashes that stays in the folder',
  );

/** What every model states, whatever it is for. */
export const about = {
  schema: z.literal('ir.model/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots, dashes and underscores'),
  title: z.string().min(1),
  licence: z.string().min(1),
  source: z.string().min(1),
  /** What it was trained for, for people. */
  tasks: z.string().optional(),
};

export const graph = z.strictObject({
  file,
  sha256,
  bytes: z.int().min(1),
  /** Files beside the graph that hold its tensors: all of them. */
  external: z.array(z.strictObject({ file, sha256 })).optional(),
});

export const parameters = z.strictObject({ weights: z.int().min(0), allInitializers: z.int().min(0) });

/** A port that takes or gives a picture: everything that has to be known to feed it. */
export const picture = z
  .strictObject({
    name: z.string().min(1),
    /** Numbers where fixed, names where free. */
    shape: z.tuple([side, side, side, side]),
    dtype: z.literal('float32'),
    layout: z.literal('NCHW'),
    /** Values of black and white. */
    range: z
      .tuple([z.number(), z.number()])
      .refine(([black, white]) => black < white, 'a value of black below that of white'),
    colour: z.enum(['RGB', 'BGR', 'grey']),
  })
  .refine(
    ({ shape: [, channels], colour }) => typeof channels === 'string' || channels === (colour === 'grey' ? 1 : 3),
    '1 channel where grey, 3 where not',
  );

export type Port = z.infer<typeof picture>;
