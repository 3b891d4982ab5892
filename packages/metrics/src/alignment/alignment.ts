import {
  type Embedding,
  type EncoderManifest,
  embed,
  explain,
  findModelSync,
  type InstalledModel,
  type MetricDefinition,
  type MetricInput,
  type MetricSettings,
  modelsSync,
  type Reason,
  type Score,
  UsageError,
  unknownName,
} from '@ir/core';
import { define, type Settings } from '../define.js';
import { viewOf } from '../learned/distance.js';
import { closeNetwork, modelWord, networkOf } from '../learned/networks.js';
import { meanOf, preparedTwo, shortSide } from '../pictures.js';
import { cosineDistance, meanSquare, meanTokenDistance, unitDistance } from './distances.js';
import { alignedPair } from './pair.js';
import { type AlignSize, viewsOf } from './views.js';

type Encoder = InstalledModel<EncoderManifest>;

/**
 * The encoder by its id; without one the only one that the user has installed, else the stand-in that comes with `ir`. undefined where none is.
 * @throws UsageError `IR_E_UNKNOWN_NAME` for an id that no encoder has, `IR_E_USAGE` where the user has installed several and none is named
 */
export function encoderNamed(id: string | undefined): Encoder | undefined {
  const encoders = modelsSync('encoder');
  const names = encoders.map(({ manifest }) => manifest.id);
  if (id !== undefined) {
    const found = findModelSync('encoder', id);
    if (found || encoders.length === 0) return found;
    throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('encoder', id, names));
  }
  const own = encoders.filter(({ origin }) => origin === 'user');
  const eligible = own.length > 0 ? own : encoders;
  if (eligible.length <= 1) return eligible[0];
  const told = {
    name: 'encoder',
    expected: `one of ${names.join(', ')}`,
    got: 'nothing',
    fix: 'Name it with --encoder',
  };
  throw new UsageError('IR_E_USAGE', explain(told));
}

type Embedded = readonly (readonly [Embedding, Embedding])[];

/** Embeddings of both pictures, view by view, shared by the metrics of one input that look alike. */
const made = new WeakMap<MetricInput, Map<string, Promise<Embedded | Reason>>>();

function embedded(input: MetricInput, encoder: Encoder, size: AlignSize, { crop, alignment }: Settings) {
  const key = [modelWord(encoder), encoder.folder, size, crop, alignment].join('\n');
  const known = made.get(input) ?? new Map<string, Promise<Embedded | Reason>>();
  made.set(input, known);
  const found = known.get(key) ?? embedBoth(input, encoder, size, crop, alignment);
  known.set(key, found);
  return found;
}

async function embedBoth(
  input: MetricInput,
  encoder: Encoder,
  size: AlignSize,
  crop: number,
  alignment: Settings['alignment'],
): Promise<Embedded | Reason> {
  const pair = await alignedPair(input, alignment);
  if (typeof pair === 'string') return pair;
  const { signal } = input;
  const prepared = await preparedTwo(pair[0], pair[1], signal);
  if (!prepared.finite) return 'not-finite';
  if (shortSide(prepared, crop) < 1) return 'too-small';
  const views = await Promise.all(
    pair.map(([, image]) => viewsOf(viewOf(image, crop), size, encoder.manifest, signal)),
  );
  const [first, second] = views;
  if (!first || !second) return 'too-small';
  const network = await networkOf(encoder);
  const call = signal ? { signal } : {};
  const result: (readonly [Embedding, Embedding])[] = [];
  for (const [i, view] of first.entries())
    result.push([
      await embed(network, encoder.manifest, view, call),
      await embed(network, encoder.manifest, second[i]!, call),
    ]);
  return result;
}

type Distance = (a: Embedding, b: Embedding) => number;

async function score(input: MetricInput, encoder: Encoder, settings: Settings, distance: Distance): Promise<Score> {
  const pairs = await embedded(input, encoder, settings.alignSize ?? 'native', settings);
  if (typeof pairs === 'string') return { value: null, reason: pairs };
  return { value: meanOf(pairs.map(([a, b]) => distance(a, b))) };
}

function conventionsOf(encoder: Encoder | undefined, { alignSize = 'native', alignment }: MetricSettings) {
  return { encoder: modelWord(encoder), size: alignSize, truth: alignment ?? 'by-degradation' };
}

/**
 * Difference of embeddings; lower is better aligned. The paper says no more than "differences in embeddings encoded by DINOv2": each candidate has a
 * name of its own, and none is claimed to be the paper's. Eq. 14 or 15 by the degradation, or as `alignment` states.
 */
function alignment(
  alias: string,
  describe: string,
  range: readonly [number, number],
  distance: Distance,
): MetricDefinition {
  const tokens = alias === 'align-patch-cos';
  const shell = {
    alias,
    describe,
    direction: 'lower',
    range,
    needs: { reference: false, input: 'maybe', degradation: false, network: 'any encoder' },
    source: 'Eq. 13-15 of the study; candidates for its DINOv2 difference',
    name: alias,
    version: 1,
  } as const;
  const missing = define({
    ...shell,
    conventions: (settings) => conventionsOf(undefined, settings),
    score: async () => ({ value: null, reason: 'model-missing' }),
  });
  return {
    ...missing,
    create(settings: MetricSettings = {}) {
      const encoder = encoderNamed(settings.encoder);
      if (!encoder) return missing.create(settings);
      if (tokens && !encoder.manifest.tokens) {
        const told = { name: encoder.manifest.id, expected: `an encoder with tokens for ${alias}`, got: 'one without' };
        throw new UsageError('IR_E_USAGE', explain(told));
      }
      return define({
        ...shell,
        conventions: (given) => conventionsOf(encoder, given),
        score: (input, given) => score(input, encoder, given, distance),
        dispose: () => closeNetwork(encoder),
      }).create(settings);
    },
  };
}

const ENDLESS = [0, Number.POSITIVE_INFINITY] as const;

export const alignClsCos = alignment('align-cls-cos', '1 - cos of the class embeddings', [0, 2], (a, b) =>
  cosineDistance(a.embedding, b.embedding),
);
export const alignClsL2 = alignment(
  'align-cls-l2',
  'L2 distance of the class embeddings at unit length',
  [0, 2],
  (a, b) => unitDistance(a.embedding, b.embedding),
);
export const alignClsMse = alignment(
  'align-cls-mse',
  'Mean squared difference of the raw class embeddings',
  ENDLESS,
  (a, b) => meanSquare(a.embedding, b.embedding),
);
export const alignPatchCos = alignment(
  'align-patch-cos',
  'Mean over patches of 1 - cos of their tokens',
  [0, 2],
  meanTokenDistance,
);
