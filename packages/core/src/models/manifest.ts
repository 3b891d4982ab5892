import { z } from 'zod';
import { parseWith } from '../errors.js';
import { autoencoder } from './autoencoder-manifest.js';
import { latentDiffusion } from './latent-manifest.js';
import { distance, encoder, quality } from './metric-manifest.js';
import { about, graph, parameters, picture } from './parts.js';

export type { Port } from './parts.js';

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
export const manifestSchema = z.discriminatedUnion('kind', [
  restorer,
  autoencoder,
  latentDiffusion,
  distance,
  encoder,
  quality,
]);

/** A model's sidecar: what it is for, ports, ranges, sizes, licence, source and hash. */
export type Manifest = z.infer<typeof manifestSchema>;
export type RestorerManifest = Extract<Manifest, { kind: 'restorer' }>;
export type LatentManifest = Extract<Manifest, { kind: 'latent-diffusion' }>;
export type AutoencoderManifest = Extract<Manifest, { kind: 'autoencoder' }>;
/** Models of one graph. */
export type GraphManifest = Exclude<Manifest, LatentManifest | AutoencoderManifest>;
export type DistanceManifest = Extract<Manifest, { kind: 'distance' }>;
export type EncoderManifest = Extract<Manifest, { kind: 'encoder' }>;
export type QualityManifest = Extract<Manifest, { kind: 'quality' }>;
/** Models that measure. */
export type MetricManifest = DistanceManifest | EncoderManifest | QualityManifest;

/** @throws UsageError `IR_E_SCHEMA` naming what does not fit, unknown keys with a suggestion */
export const parseManifest = (value: unknown, name: string): Manifest => parseWith(manifestSchema, value, name);

/** @throws UsageError `IR_E_SCHEMA` */
export const parseModelId = (value: string): string => parseWith(about.id, value, 'id');
