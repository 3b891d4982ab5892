import { z } from 'zod';
import { parseWith } from '../errors.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const side = z.union([z.int().min(1), z.string().min(1)]);

/** A file in the model's folder or below it; whether a link leads out of it is checked when it is opened. */
const file = z
  .string()
  .min(1)
  .refine(
    (path) => !/^([/\\]|[a-z]:)|\\|\0/i.test(path) && !path.split('/').includes('..'),
    'a relative path with forward slashes that stays in the folder',
  );

/** What every model states, whatever it is for. */
const about = {
  schema: z.literal('ir.model/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots, dashes and underscores'),
  title: z.string().min(1),
  licence: z.string().min(1),
  source: z.string().min(1),
  /** What it was trained for, for people. */
  tasks: z.string().optional(),
};

const graph = z.strictObject({
  file,
  sha256,
  bytes: z.int().min(1),
  /** Files beside the graph that hold its tensors: all of them. */
  external: z.array(z.strictObject({ file, sha256 })).optional(),
});

const parameters = z.strictObject({ weights: z.int().min(0), allInitializers: z.int().min(0) });

/** A port that takes or gives a picture: everything that has to be known to feed it. */
const picture = z
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

/** Picture in, picture out, in one pass. */
const restorer = z
  .strictObject({
    ...about,
    kind: z.literal('restorer'),
    graph,
    parameters,
    input: picture,
    output: picture,
    /** Output side / input side. */
    scale: z.number().positive().max(16),
    /** The graph takes sides that are multiples of this; the restorer pads at the right and bottom by reflection and cuts again. */
    multiple: z.int().min(1).max(512),
    /** How far, in input pixels, a sample can change the output: with this overlap tiles equal the whole picture. */
    reach: z.int().min(0).max(4096),
    /** The reach is only where effects become small: tiles then fade into each other over their overlap. Default: cut sharply. */
    blend: z.boolean().optional(),
    /** Pictures above this many input pixels are tiled by default. */
    maxPixels: z.int().min(4096),
  })
  .refine(({ scale, multiple }) => Number.isInteger(scale * multiple), 'a scale that makes whole pixels of `multiple`');

/** One member for each kind of model; code that serves one kind narrows by `kind`. */
export const manifestSchema = z.discriminatedUnion('kind', [restorer]);

/** A model's sidecar: what it is for, ports, ranges, sizes, licence, source and hash. */
export type Manifest = z.infer<typeof manifestSchema>;
export type RestorerManifest = Extract<Manifest, { kind: 'restorer' }>;
export type Port = z.infer<typeof picture>;

/** @throws UsageError `IR_E_SCHEMA` naming what does not fit, unknown keys with a suggestion */
export const parseManifest = (value: unknown, name: string): Manifest => parseWith(manifestSchema, value, name);

/** @throws UsageError `IR_E_SCHEMA` */
export const parseModelId = (value: string): string => parseWith(about.id, value, 'id');
