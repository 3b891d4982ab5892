import {
  type CallOptions,
  type DecodeOptions,
  decode,
  type EncoderManifest,
  embed,
  explain,
  type Image,
  InputError,
  type InstalledModel,
  type MetricSettings,
  type Network,
  UsageError,
} from '@ir/core';
import { encoderNamed } from '../alignment/alignment.js';
import { viewsOf } from '../alignment/views.js';
import { formatIdentity } from '../identity.js';
import { viewOf } from '../learned/distance.js';
import { closeNetwork, modelWord, networkOf } from '../learned/networks.js';
import { preparedImage } from '../pictures.js';
import type { Aggregate } from '../score/aggregate.js';
import type { FilePair } from '../score/pairs.js';
import { frechetDistance, kernelDistance } from './distances.js';
import { type Matrix, matrix, Pace } from './matrices.js';

export type DistributionAlias = 'fid' | 'kid';

/** How the pictures of a folder are read. */
export interface DistributionOptions extends CallOptions {
  readonly decode?: Omit<DecodeOptions, 'signal'>;
}

/** A distance of two sets of pictures as it stands in `aggregate`: `mean` is the distance itself, and there is no interval. */
export interface DistributionAggregate extends Aggregate {
  readonly id: string;
  readonly direction: 'lower';
  /** The same between two halves of the references (every other picture): what no difference at all looks like on half as many pictures. */
  readonly splitHalf: number;
  /** What the number of pictures does to it. */
  readonly bias: string;
}

interface Definition {
  readonly describe: string;
  readonly source: string;
  /** Fewest pictures, given the numbers of an embedding. */
  readonly least: (dimension: number) => number;
  readonly bias: string;
  readonly distance: (a: Matrix, b: Matrix, pace: Pace) => Promise<number>;
}

/** Distances of sets of pictures: only ever of a whole folder, never of a picture. */
export const DISTRIBUTIONS: Readonly<Record<DistributionAlias, Definition>> = {
  fid: {
    describe: "Frechet distance of Gaussians fitted to an encoder's embeddings",
    source: 'Heusel et al. 2017, with any encoder in place of Inception: not comparable with published FID',
    least: (dimension) => dimension + 1,
    bias: 'too high for few pictures, by about as much as splitHalf shows; compare only at one number of pictures',
    distance: frechetDistance,
  },
  kid: {
    describe: "Unbiased squared MMD with the kernel (x y / d + 1)^3 over an encoder's embeddings",
    source: 'Binkowski et al. 2018, with any encoder in place of Inception: not comparable with published KID',
    least: () => 50,
    bias: 'none, so that it may be below 0; its spread is of the size of splitHalf',
    distance: kernelDistance,
  },
};

/** Which of the aliases are metrics of pictures, and which distances of sets. */
export function splitAliases(aliases: readonly string[]): { pictures: string[]; distributions: DistributionAlias[] } {
  const isSet = (alias: string): alias is DistributionAlias => Object.hasOwn(DISTRIBUTIONS, alias);
  return { pictures: aliases.filter((alias) => !isSet(alias)), distributions: [...new Set(aliases.filter(isSet))] };
}

type Encoder = InstalledModel<EncoderManifest>;

async function embedding(
  path: string,
  encoder: Encoder,
  network: Network,
  settings: MetricSettings,
  options: DistributionOptions,
) {
  const { signal } = options;
  const image: Image = await decode(path, { ...options.decode, ...(signal ? { signal } : {}) });
  await preparedImage({ image });
  const { crop = 0, alignSize = 'native' } = settings;
  const inside = Math.min(image.width, image.height) > 2 * crop;
  const views = inside ? await viewsOf(viewOf(image, crop), alignSize, encoder.manifest, signal) : undefined;
  if (!views) {
    const told = {
      name: path,
      expected: `a picture that ${encoder.manifest.id} can be shown`,
      got: `${image.width}x${image.height}`,
    };
    throw new InputError('IR_E_SIZE', explain(told));
  }
  return (await embed(network, encoder.manifest, views[0]!, signal ? { signal } : {})).embedding;
}

async function embeddings(
  paths: readonly string[],
  encoder: Encoder,
  settings: MetricSettings,
  options: DistributionOptions,
  told: (done: number) => void,
): Promise<Matrix> {
  const network = await networkOf(encoder);
  let all: Matrix | undefined;
  for (const [i, path] of paths.entries()) {
    options.signal?.throwIfAborted();
    const vector = await embedding(path, encoder, network, settings, options);
    all ??= matrix(paths.length, vector.length);
    all.data.set(vector, i * vector.length);
    told(i + 1);
  }
  return all!;
}

const everyOther = (all: Matrix, first: number): Matrix => {
  const half = matrix(Math.floor((all.rows - first + 1) / 2), all.columns);
  for (let i = 0; i < half.rows; i++) {
    const from = (2 * i + first) * all.columns;
    half.data.set(all.data.subarray(from, from + all.columns), i * all.columns);
  }
  return half;
};

function refuseFew(alias: DistributionAlias, n: number, dimension: number): void {
  const least = DISTRIBUTIONS[alias].least(dimension);
  if (n >= least) return;
  const fix = alias === 'fid' ? 'Take more pictures, or kid, which needs 50' : 'Take more pictures';
  throw new UsageError(
    'IR_E_USAGE',
    explain({ name: alias, expected: `at least ${least} pictures for ${dimension} numbers each`, got: String(n), fix }),
  );
}

function checkRequest(pairs: readonly FilePair[], { alignSize }: MetricSettings): void {
  if (pairs.some(({ reference }) => reference === null))
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'fid and kid', expected: 'a folder of references', got: 'none' }),
    );
  if (alignSize === 'tiles')
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'align-size', expected: 'native or crop224 for fid and kid', got: 'tiles' }),
    );
}

/**
 * Distances of the outputs as a set from the references as a set. Only embeddings are held, a few kilobytes a picture.
 * @throws UsageError `IR_E_USAGE` for too few pictures (before anything else is computed than one embedding), without references or without encoder
 */
export async function distributionAggregates(
  pairs: readonly FilePair[],
  aliases: readonly DistributionAlias[],
  settings: MetricSettings = {},
  options: DistributionOptions = {},
): Promise<Readonly<Record<string, DistributionAggregate>>> {
  if (aliases.length === 0) return {};
  checkRequest(pairs, settings);
  const encoder = encoderNamed(settings.encoder);
  if (!encoder) {
    const fix = 'Install one with ir models add';
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'encoder', expected: 'an installed encoder', got: 'none', fix }),
    );
  }
  try {
    return await measure(pairs, aliases, encoder, settings, options);
  } finally {
    await closeNetwork(encoder);
  }
}

async function measure(
  pairs: readonly FilePair[],
  aliases: readonly DistributionAlias[],
  encoder: Encoder,
  settings: MetricSettings,
  options: DistributionOptions,
): Promise<Record<string, DistributionAggregate>> {
  const { crop = 0, alignSize = 'native' } = settings;
  const n = pairs.length;
  const tell = (before: number) => (done: number) =>
    options.onProgress?.({ phase: 'embed', completed: before + done, total: 2 * n });
  const references = pairs.map(({ reference }) => reference!);
  const sample = await embeddings(references.slice(0, 1), encoder, settings, options, () => {});
  for (const alias of aliases) refuseFew(alias, n, sample.columns);
  const a = await embeddings(references, encoder, settings, options, tell(0));
  const b = await embeddings(
    pairs.map(({ output }) => output),
    encoder,
    settings,
    options,
    tell(n),
  );
  const pace = new Pace(options.signal);
  const conventions = { encoder: modelWord(encoder), size: alignSize, crop: String(crop) };
  const found: Record<string, DistributionAggregate> = {};
  for (const alias of aliases) {
    const { distance, bias } = DISTRIBUTIONS[alias];
    found[alias] = {
      id: formatIdentity({ name: alias, conventions, version: 1 }),
      direction: 'lower',
      mean: await distance(a, b, pace),
      low: null,
      high: null,
      n,
      splitHalf: await distance(everyOther(a, 0), everyOther(a, 1), pace),
      bias,
    };
  }
  return found;
}
