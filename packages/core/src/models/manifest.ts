import { z } from 'zod';
import { parseWith } from '../errors.js';

const side = z.union([z.int().min(1), z.string().min(1)]);

/** A port of a graph: everything that has to be known to feed it. */
const port = z.strictObject({
  name: z.string().min(1),
  /** Numbers where fixed, names where free. */
  shape: z.array(side).min(1),
  dtype: z.enum(['float32', 'float16', 'int64', 'int32']),
  layout: z.enum(['NCHW']),
  /** Values of black and white. */
  range: z.tuple([z.number(), z.number()]),
  colour: z.enum(['RGB', 'BGR', 'grey']),
});

export const manifestSchema = z.strictObject({
  schema: z.literal('ir.model/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots, dashes and underscores'),
  kind: z.literal('restorer'),
  title: z.string().min(1),
  graph: z.strictObject({
    file: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().min(1),
    /** Files beside the graph that hold its tensors. */
    external: z
      .array(z.strictObject({ file: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
      .optional(),
  }),
  input: port,
  output: port,
  /** Output side / input side. */
  scale: z.number().positive().max(16),
  /** The graph takes sides that are multiples of this; the restorer pads at the right and bottom by reflection and cuts again. */
  multiple: z.int().min(1).max(512),
  /** How far, in input pixels, a sample can change the output: with this overlap tiles equal the whole picture. */
  reach: z.int().min(0).max(4096),
  /** Pictures above this many input pixels are tiled by default. */
  maxPixels: z.int().min(4096),
  parameters: z.strictObject({ weights: z.int().min(0), allInitializers: z.int().min(0) }),
  licence: z.string().min(1),
  source: z.string().min(1),
  /** What it was trained for, for people. */
  tasks: z.string().optional(),
});

/** A network's sidecar: ports, ranges, sizes, licence, source and hash. */
export type Manifest = z.infer<typeof manifestSchema>;
export type Port = z.infer<typeof port>;

/** @throws UsageError `IR_E_SCHEMA` naming what does not fit, unknown keys with a suggestion */
export const parseManifest = (value: unknown, name: string): Manifest => parseWith(manifestSchema, value, name);
