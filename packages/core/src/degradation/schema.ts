import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { describeValue, explain, parseWith, UsageError } from '../errors.js';
import type { Degradation } from './contract.js';
import { parseIdentity } from './identity.js';
import { PRESETS } from './presets.js';

const border = z.enum(['reflect-101', 'symmetric', 'replicate']).optional();
const odd = z
  .int()
  .min(1)
  .max(4095)
  .refine((size) => size % 2 === 1, 'an odd integer');

const blur = z.strictObject({
  kind: z.literal('blur'),
  sigma: z.number().min(0.1).max(50),
  size: odd.optional(),
  border,
});

const down = z
  .strictObject({
    kind: z.literal('down'),
    scale: z.number().min(1).max(64),
    filter: z.enum(['cubic', 'linear', 'box', 'lanczos3', 'cubic-opencv']).optional(),
    antialias: z.boolean().optional(),
    border,
  })
  .refine(({ filter, antialias }) => filter !== 'cubic-opencv' || antialias !== true, {
    path: ['antialias'],
    message: 'false for cubic-opencv, which has none',
  })
  .refine(({ filter, border: edge }) => filter !== 'cubic-opencv' || edge === undefined || edge === 'replicate', {
    path: ['border'],
    message: '"replicate" for cubic-opencv',
  });

const noise = z.discriminatedUnion('distribution', [
  z.strictObject({
    kind: z.literal('noise'),
    distribution: z.literal('gaussian'),
    sigma: z.number().min(0).max(255),
    grey: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('noise'),
    distribution: z.literal('poisson'),
    peak: z.number().positive().max(1e6),
    grey: z.boolean().optional(),
  }),
]);

const jpeg = z.strictObject({ kind: z.literal('jpeg'), quality: z.int().min(1).max(100) });

/** The shape of a `Degradation` (Eq. 1): steps in order, then rounding to `depth` bits. Unknown keys are refused. */
export const degradationSchema = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  steps: z.array(z.discriminatedUnion('kind', [blur, down, noise, jpeg])).max(32),
  depth: z.union([z.literal(8), z.literal(16), z.literal(32)]).optional(),
});

/**
 * A degradation from data or text. Text is a preset's name (`SR2`), an identity such as `blur[sigma=2]|down[x4]|noise[gauss,sigma=5]`
 * (conventions left out take their defaults), or YAML of the same shape as the data.
 * @param name what the user calls it, for messages
 * @throws UsageError `IR_E_SCHEMA`, `IR_E_UNKNOWN_NAME`
 */
export function parseDegradation(value: unknown, name = 'degradation'): Degradation {
  if (typeof value === 'string') return parseText(value.trim(), name);
  // Optional keys come back absent, not undefined: zod leaves out what was not there.
  return parseWith(degradationSchema, value, name) as Degradation;
}

function parseText(text: string, name: string): Degradation {
  const preset = PRESETS.find((one) => one.name === text);
  if (preset) return preset;
  const isYaml = /[\n:{]/.test(text) && !/^[a-z]+\[/.test(text);
  if (!isYaml) return parseWith(degradationSchema, parseIdentity(text, name), name) as Degradation;
  let data: unknown;
  try {
    data = parseYaml(text);
  } catch (cause) {
    const got = (cause as Error).message.split('\n')[0]!;
    throw new UsageError('IR_E_SCHEMA', explain({ name, expected: 'YAML of a degradation', got }), { cause });
  }
  if (typeof data === 'string')
    throw new UsageError('IR_E_SCHEMA', explain({ name, expected: 'steps', got: describeValue(data) }));
  return parseWith(degradationSchema, data, name) as Degradation;
}
