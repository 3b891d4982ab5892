import { z } from 'zod';
import { SCHEDULE_DEFAULTS } from '../diffusion/schedule.js';
import {
  autoencoderMisfits,
  decoder,
  encoder,
  float,
  grid,
  gridMisfits,
  latent,
  type Misfit,
  name,
  numbers,
  part,
  reach,
  running,
  type StatedGrid,
  shape,
} from './autoencoder-parts.js';
import { about, graph, picture } from './parts.js';

const bytesFile = graph.omit({ external: true });

/** Tensors [1, tokens, D], [1, D]: sides are numbers where fixed, names where free. */
const sequence = z.strictObject({ name, shape: shape(3), dtype: float });
const vector = z.strictObject({ name, shape: shape(2), dtype: float });

/** M_phi (Eq. 3). */
const initial = z.discriminatedUnion('kind', [
  /** I_reg = I_y. */
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('graph'),
    ...part,
    input: picture,
    output: picture,
    /** Output side / input side. */
    scale: z.number().positive().max(16).default(1),
    multiple: z.int().min(1).max(512).default(1),
    reach,
  }),
  /** A network that is installed on its own, by id and the hash of its graph. */
  z.strictObject({ kind: z.literal('model'), id: about.id, sha256: graph.shape.sha256 }),
  /** I_reg = Dec(E(I_y)) through the condition's encoder, as in SUPIR. */
  z.strictObject({ kind: z.literal('autoencoder') }),
]);

const tokenizer = z.discriminatedUnion('kind', [
  /** Byte-pair encoding as CLIP has it: `file` holds the merges, a pair a line, best first. */
  z.strictObject({
    kind: z.literal('clip'),
    ...bytesFile.shape,
    length: z.int().min(3).max(4096),
    /** What fills the rest: 0 (OpenCLIP), or the end's token (CLIP). */
    pad: z.enum(['zero', 'end']),
  }),
  /** Whole words and marks in lower case: `file` holds the vocabulary, a word a line, its number the line's (from 0). */
  z.strictObject({
    kind: z.literal('words'),
    ...bytesFile.shape,
    length: z.int().min(1).max(4096),
    /** What stands for a word that is not known; absent: such words are left out. */
    unknown: name.optional(),
    /** Other words for those of the vocabulary. */
    aliases: z.record(name, name).optional(),
    pad: name,
    start: name.optional(),
    end: name.optional(),
  }),
]);

/** tau (Eq. 6): tokens to c_t, and what else it gives. */
const textEncoder = z.strictObject({
  ...part,
  tokenizer,
  tokens: z.strictObject({ name, shape: shape(2), dtype: z.enum(['int64', 'int32']).default('int64') }),
  context: sequence.optional(),
  pooled: vector.optional(),
});

const sinusoids = z.strictObject({ values: numbers, width: z.int().min(2).multipleOf(2) });

const text = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('encoders'),
    /** Contexts of several are joined along their features, pooled vectors one after another. */
    encoders: z.array(textEncoder).min(1).max(4),
    /** Between a caption and the prompt. */
    separator: z.string().default(', '),
    /** Appended to the pooled vectors: numbers, each spread over `width` cosines and sines (sizes in SDXL). */
    sizes: sinusoids.optional(),
  }),
  /** No text encoder: one context for every picture, float32 little endian; another one as what guidance leads away from. */
  z.strictObject({
    kind: z.literal('fixed'),
    context: bytesFile.optional(),
    vector: bytesFile.optional(),
    unconditional: z.strictObject({ context: bytesFile.optional(), vector: bytesFile.optional() }).optional(),
  }),
]);

/** T (Eq. 6). */
const captioner = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('builtin'), id: name }),
  /** Measured properties put into words by thresholds: `file` holds the table (`ir.caption/1`). Words for quality are left to the prompt. */
  z.strictObject({ kind: z.literal('measured'), ...bytesFile.shape }),
  /** A picture to one score a word, [1, words]; words above the threshold are said, the surest first. */
  z.strictObject({
    kind: z.literal('tags'),
    ...part,
    input: picture,
    output: vector,
    words: z.array(name).min(1),
    threshold: z.number(),
  }),
]);

/** Whole numbers or fractions; the network's own idea of time. */
const time = z.strictObject({ name, shape: shape(1), dtype: z.enum(['int64', 'float32']) });

const conditioned = {
  latent: grid,
  time,
  /** c_f (Eq. 7). */
  condition: grid.optional(),
  /** c_t (Eq. 6). */
  context: sequence.optional(),
  vector: vector.optional(),
};

/** The connector as a graph of its own: named control tensors for the denoiser. */
const control = z.strictObject({
  ...part,
  inputs: z.strictObject(conditioned),
  outputs: z.array(grid).min(1).max(64),
});

const scalar = z.strictObject({ name, shape: z.union([shape(0), shape(1)]), dtype: float });

const denoiser = z.strictObject({
  ...part,
  inputs: z.strictObject({
    ...conditioned,
    /** In the order of the control graph's outputs. */
    controls: z.array(grid).min(1).max(64).optional(),
    /** Strength of the condition; without it control tensors are multiplied. */
    controlScale: scalar.optional(),
  }),
  output: grid,
  prediction: z.enum(['eps', 'v', 'x0']),
  /** Is the network told the exact level, or the nearest training level and its time (SUPIR)? */
  levels: z.enum(['exact', 'nearest']).default('exact'),
});

const schedule = z.strictObject({
  steps: z.int().min(1).max(100_000).default(1000),
  law: z.enum(['linear', 'scaled-linear', 'cosine', 'exponential', 'sigmoid', 'laplace']),
  betaStart: z.number().gt(0).lt(1).optional(),
  betaEnd: z.number().gt(0).lt(1).optional(),
  zeroTerminalSnr: z.boolean().default(false),
  terminalAlphaBar: z.number().gt(0).lt(1).optional(),
});

const parts = z.strictObject({
  initial,
  encoder,
  decoder,
  text: text.optional(),
  captioner: captioner.optional(),
  /** Another encoder for c_f (SUPIR's, robust to degradation); default the encoder. */
  conditionEncoder: encoder.optional(),
  control: control.optional(),
  denoiser,
});

/** Picture in, picture out, by a conditional latent diffusion model (Eq. 3-11). */
export const latentDiffusion = z
  .strictObject({
    ...about,
    kind: z.literal('latent-diffusion'),
    parts,
    latent,
    condition: z
      .strictObject({
        of: z.enum(['initial', 'input']).default('initial'),
        take: z.enum(['mode', 'sample']).default('mode'),
      })
      .default({ of: 'initial', take: 'mode' }),
    schedule,
    ...running,
    /** Options of a run where the caller says nothing; checked like the caller's own (docs/diffusion.md). */
    defaults: z.record(z.string(), z.unknown()).default({}),
  })
  .check((context) => {
    for (const { path, expected } of misfits(context.value))
      context.issues.push({ code: 'custom', message: expected, path: [...path], input: context.value });
  });

type Contents = z.output<z.ZodObject<{ parts: typeof parts }>> & {
  readonly latent: z.output<typeof latent>;
  readonly multiple: number;
  readonly condition: { readonly of: 'initial' | 'input' };
  readonly schedule: z.output<typeof schedule>;
};

/** The laws that lie between two betas; the others need none. */
const BETWEEN_BETAS: readonly string[] = ['linear', 'scaled-linear', 'sigmoid'];

/** What of a schedule would not be felt, or run backwards. */
function* scheduleMisfits({ law, betaStart, betaEnd, zeroTerminalSnr, terminalAlphaBar }: Contents['schedule']) {
  const misfit = (key: string, expected: string): Misfit => ({ path: ['schedule', key], expected });
  const { betaStart: from, betaEnd: to } = SCHEDULE_DEFAULTS;
  for (const [key, value] of Object.entries({ betaStart, betaEnd }))
    if (value !== undefined && !BETWEEN_BETAS.includes(law)) yield misfit(key, `none, since law ${law} makes its own`);
  if (BETWEEN_BETAS.includes(law) && (betaStart ?? from) > (betaEnd ?? to))
    yield misfit('betaStart', `a number up to betaEnd, ${betaEnd ?? to}`);
  if (terminalAlphaBar !== undefined && !zeroTerminalSnr)
    yield misfit('terminalAlphaBar', 'none without zeroTerminalSnr, which it stands in for');
}

/** Where parts do not fit each other, each with the place to mend. */
function* misfits({ parts, latent, multiple, condition, schedule }: Contents): Generator<Misfit> {
  const { channels } = latent;
  const { denoiser, control, text, captioner, initial } = parts;
  const at = (...path: (string | number)[]) => ['parts', ...path];
  yield* autoencoderMisfits({ parts, latent, multiple });
  yield* scheduleMisfits(schedule);

  const grids: StatedGrid[] = [
    [at('denoiser', 'inputs', 'latent', 'shape'), denoiser.inputs.latent.shape, channels],
    [at('denoiser', 'output', 'shape'), denoiser.output.shape, channels],
  ];
  for (const [key, one] of [
    ['denoiser', denoiser],
    ['control', control],
  ] as const)
    if (one?.inputs.condition)
      grids.push([at(key, 'inputs', 'condition', 'shape'), one.inputs.condition.shape, channels]);
  if (control) grids.push([at('control', 'inputs', 'latent', 'shape'), control.inputs.latent.shape, channels]);
  yield* gridMisfits(grids);

  const taken = denoiser.inputs.controls?.length ?? 0;
  if (control && control.outputs.length !== taken)
    yield {
      path: at('denoiser', 'inputs', 'controls'),
      expected: `${control.outputs.length} ports, one for each output of parts.control`,
    };
  if (!control && taken > 0)
    yield { path: at('control'), expected: 'a graph that makes the denoiser’s control tensors' };

  const takes = (key: 'context' | 'vector') => denoiser.inputs[key] ?? control?.inputs[key];
  for (const key of ['context', 'vector'] as const) {
    const gives = text && givesText(text, key);
    if (takes(key) && !gives)
      yield { path: at('text'), expected: `a part that gives the ${key} which the denoiser takes` };
  }
  if (text && !takes('context') && !takes('vector'))
    yield { path: at('denoiser', 'inputs'), expected: 'a context or vector port, since there is a text part' };
  if (captioner && text?.kind !== 'encoders')
    yield { path: at('text'), expected: 'encoders that read what the captioner says' };
  if (text?.kind === 'encoders')
    for (const [i, { tokens, tokenizer }] of text.encoders.entries()) {
      const wanted = tokens.shape[1];
      if (typeof wanted === 'number' && wanted !== tokenizer.length)
        yield { path: at('text', 'encoders', i, 'tokenizer', 'length'), expected: `${wanted}, as tokens.shape has it` };
    }
  if (captioner?.kind === 'tags') {
    const [, wanted] = captioner.output.shape;
    if (typeof wanted === 'number' && wanted !== captioner.words.length)
      yield { path: at('captioner', 'words'), expected: `${wanted} words, one a score` };
  }
  if (initial.kind === 'autoencoder' && condition.of === 'initial')
    yield {
      path: ['condition', 'of'],
      expected: '"input": with an autoencoder as initial restoration c_f is its latent',
    };
}

function givesText(text: NonNullable<z.output<typeof parts>['text']>, key: 'context' | 'vector'): boolean {
  if (text.kind === 'fixed') return text[key] !== undefined;
  if (key === 'vector') return text.sizes !== undefined || text.encoders.some((one) => one.pooled);
  return text.encoders.some((one) => one.context);
}
