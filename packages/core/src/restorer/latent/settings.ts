import { z } from 'zod';
import { constantGuidance, cosineGuidance, type GuidanceScale, linearGuidance } from '../../diffusion/guidance.js';
import { samplingShape, spelledOut } from '../../diffusion/sampling.js';
import type { Schedule } from '../../diffusion/schedule.js';
import { explain, parseWith, UsageError } from '../../errors.js';
import type { LatentManifest } from '../../models/manifest.js';
import { tileSetting } from '../tile.js';

/** Of guidance and control. */
const weight = z.number().min(0).max(1000);

const ramp = z.strictObject({
  law: z.literal('linear'),
  /** At sigmaMax. */
  start: weight,
  /** At sigma 0. */
  end: weight,
  /** Default: the schedule's largest. */
  sigmaMax: z.number().positive().optional(),
});

/** s of m_u + s (m_c - m_u): a number, or by a ramp over the steps. */
const guidance = z.union([weight, ramp, z.strictObject({ law: z.literal('cosine'), scale: weight })]);

const restoration = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** SUPIR's. */
  z.strictObject({
    kind: z.literal('pull'),
    power: z.number().positive(),
    sigmaMax: z.number().positive().optional(),
    sigmaMin: z.number().min(0).default(0.05),
  }),
  /** DiffBIR's. */
  z
    .strictObject({
      kind: z.literal('gradient'),
      scale: z.number().min(0).max(1e9),
      weighted: z.boolean().default(false),
      start: z.number().default(1001),
      stop: z.number().default(-1),
      repeat: z.int().min(1).max(100).default(1),
      perSize: z.boolean().default(true),
    })
    .refine(({ start, stop }) => stop < start, { path: ['stop'], error: 'expected less than start' }),
]);

const prompt = z.string().max(4000);

/** Options of a latent diffusion restorer (docs/diffusion.md has a table). */
const settingsSchema = z.strictObject({
  /** What of the model runs: all of it, M_phi, Dec(E(I_y)) or Dec(E(M_phi(I_y))). */
  stage: z.enum(['sample', 'initial', 'round-trip', 'initial-round-trip']).default('sample'),
  ...samplingShape,
  sampler: samplingShape.sampler.default({ name: 'ddpm', variance: 'fixed-small', clip: 0 }),
  steps: samplingShape.steps.default(50),
  /** The step whose predicted clean sample is the result; absent: z_0, after all. */
  until: z.int().min(1).optional(),
  guidance: guidance.default(1),
  /** What guidance leads away from: the negative prompt, or no condition at all. Default: the prompt where there is a text part. */
  unconditional: z.enum(['negative-prompt', 'no-condition']).optional(),
  restoration: restoration.default({ kind: 'none' }),
  /** What E(I_reg) is for starts inside and restoration guidance. */
  target: z.enum(['mode', 'sample']).default('mode'),
  controlScale: z.union([weight, ramp]).default(1),
  prompt: prompt.default(''),
  negative: prompt.default(''),
  /** Does the captioner's text precede the prompt? Default: where the model has one, its content alone; `all`: with words for I_reg's quality. */
  caption: z.union([z.boolean(), z.literal('all')]).optional(),
  colour: z.enum(['wavelet', 'adain', 'none']).default('wavelet'),
  weights: z.enum(['symmetric', 'published']).default('symmetric'),
  tile: tileSetting.default('auto'),
  providers: z.array(z.string()).min(1).optional(),
  threads: z.int().min(1).max(256).optional(),
});

export type LatentSettings = z.output<typeof settingsSchema>;

/**
 * The caller's settings over the model's defaults, checked against the model.
 * @throws UsageError `IR_E_SCHEMA` for unknown keys and values out of range; `IR_E_USAGE` for what this model cannot do
 */
export function readSettings(manifest: LatentManifest, given: Readonly<Record<string, unknown>>): LatentSettings {
  const { id, defaults } = manifest;
  parseWith(settingsSchema, spelledOut(defaults), `${id} defaults`);
  const settings = parseWith(settingsSchema, { ...spelledOut(defaults), ...spelledOut(given) }, `${id} settings`);
  refuseBeyondStage(id, settings, given);
  refuseUnfelt(id, settings, given);
  refuseUseless(manifest, settings);
  return settings;
}

/** What stages without sampling feel. */
const OF_EVERY_STAGE = ['stage', 'tile', 'providers', 'threads'] as const;

/** The settings that a run with them feels. */
export const feltSettings = (settings: LatentSettings): Partial<LatentSettings> =>
  settings.stage === 'sample'
    ? settings
    : Object.fromEntries(OF_EVERY_STAGE.map((key) => [key, settings[key]] as const));

/** The model's defaults are no asking: only what the caller gives is refused. */
function refuseBeyondStage(id: string, settings: LatentSettings, given: Readonly<Record<string, unknown>>): void {
  const felt = feltSettings(settings);
  const idle = Object.keys(given).filter((key) => given[key] !== undefined && !(key in felt) && key in settings);
  if (settings.stage === 'sample' || idle.length === 0) return;
  const told = { name: `${id} settings`, expected: `only ${OF_EVERY_STAGE.join(', ')} at stage ${settings.stage}` };
  throw new UsageError('IR_E_USAGE', explain({ ...told, got: idle.join(', '), fix: 'Nothing is sampled there' }));
}

/** Settings that others make idle are refused rather than ignored; the model's own defaults are no asking. */
function refuseUnfelt(
  id: string,
  { sampler, steps, spacing, offset, guidance }: LatentSettings,
  given: Readonly<Record<string, unknown>>,
): void {
  const once = sampler.name === 'one-step';
  const idle: readonly [key: keyof LatentSettings, idle: boolean, expected: string, fix: string][] = [
    ['steps', once && steps !== 1, '1 with the sampler one-step', 'Leave it out, or choose another sampler'],
    ['spacing', once, 'none with the sampler one-step', 'Leave it out, or choose another sampler'],
    ['offset', offset !== 0 && (once || spacing !== 'leading'), '0 but with spacing leading', 'Set spacing to leading'],
    ['negative', guidance === 1, 'none at guidance 1', 'Set guidance above 1: nothing is led away from at 1'],
    ['unconditional', guidance === 1, 'none at guidance 1', 'Set guidance above 1: nothing is led away from at 1'],
  ];
  for (const [key, unfelt, expected, fix] of idle) {
    if (unfelt && given[key] !== undefined) throw unfit(id, key, expected, given[key], fix);
  }
}

function unfit(id: string, key: keyof LatentSettings, expected: string, got: unknown, fix: string): UsageError {
  const told = { name: `${id} settings.${key}`, expected, got: JSON.stringify(got), fix };
  return new UsageError('IR_E_USAGE', explain(told));
}

/** Settings that the model would not feel are refused rather than ignored. */
function refuseUseless({ id, parts }: LatentManifest, settings: LatentSettings): void {
  const refuse = (key: keyof LatentSettings, expected: string, fix: string) => {
    throw unfit(id, key, expected, settings[key], fix);
  };
  const { text, captioner, denoiser } = parts;
  const reads = text?.kind === 'encoders';
  const away = settings.unconditional ?? (text ? 'negative-prompt' : 'no-condition');
  if (!reads && settings.prompt) refuse('prompt', 'none', 'The model has no text encoder');
  if (!reads && settings.negative) refuse('negative', 'none', 'The model has no text encoder');
  if (settings.caption && !captioner) refuse('caption', 'false', 'The model has no captioner');
  if (settings.caption === 'all' && captioner?.kind !== 'measured')
    refuse('caption', 'true or false', 'The model’s captioner tells content and quality not apart');
  if (
    settings.guidance !== 1 &&
    away === 'negative-prompt' &&
    !(reads || (text?.kind === 'fixed' && text.unconditional))
  )
    refuse('guidance', '1', 'The model has no text to lead away from; set unconditional to no-condition');
  if (settings.controlScale !== 1 && !denoiser.inputs.controlScale && !parts.control)
    refuse('controlScale', '1', 'The model has neither a control graph nor a control scale');
}

const top = ({ sigmas }: Schedule) => sigmas.at(-1)!;

export function guidanceOf({ guidance: g }: LatentSettings, schedule: Schedule): GuidanceScale {
  if (typeof g === 'number') return constantGuidance(g);
  if (g.law === 'cosine') return cosineGuidance(g.scale, schedule.steps);
  return linearGuidance(g.start, g.end, g.sigmaMax ?? top(schedule));
}

export function strengthOf({ controlScale: s }: LatentSettings, schedule: Schedule): GuidanceScale {
  return typeof s === 'number' ? constantGuidance(s) : linearGuidance(s.start, s.end, s.sigmaMax ?? top(schedule));
}
