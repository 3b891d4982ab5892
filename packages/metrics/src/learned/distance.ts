import {
  crop as cut,
  type DistanceManifest,
  findModelSync,
  type Image,
  type InstalledModel,
  type MetricDefinition,
  type MetricInput,
  type MetricSettings,
  measureDistance,
  modelsSync,
  resampleImage,
  type Score,
} from '@ir/core';
import { define, type Settings } from '../define.js';
import type { Conventions } from '../identity.js';
import { assertOpaque, preparedPair, shortSide } from '../pictures.js';
import { closeNetwork, modelWord, networkOf } from './networks.js';

type Model = InstalledModel<DistanceManifest>;

/** A part of the picture without `crop` pixels on every side, and a multiple of `multiple` from the left and the top. */
export function viewOf(image: Image, crop: number, multiple = 1): Image {
  const [width, height] = [image.width - 2 * crop, image.height - 2 * crop];
  if (crop === 0 && width % multiple === 0 && height % multiple === 0) return image;
  return cut(image, { x: crop, y: crop, width: width - (width % multiple), height: height - (height % multiple) });
}

interface Variant {
  readonly alias: string;
  readonly describe: string;
  readonly source: string;
  readonly name: string;
  readonly conventions: Conventions;
  /** Id of the model that gives the numbers. */
  readonly model: string;
  readonly range: readonly [number, number];
  /** What is done to both pictures after the crop. */
  readonly prepare?: (image: Image, signal?: AbortSignal) => Promise<Image>;
}

async function score(model: Model, variant: Variant, input: MetricInput, crop: number): Promise<Score> {
  const { manifest } = model;
  const { reference, image, signal } = input;
  const pair = await preparedPair(input);
  if (shortSide(pair, crop) < manifest.smallest) return { value: null, reason: 'too-small' };
  if (!pair.finite) return { value: null, reason: 'not-finite' };
  const { prepare = async (one: Image) => one } = variant;
  const view = async (one: Image) => viewOf(await prepare(viewOf(one, crop), signal), 0, manifest.multiple);
  const views = [await view(reference!), await view(image)] as const;
  const network = await networkOf(model);
  return { value: (await measureDistance(network, manifest, views, signal ? { signal } : {})).value };
}

/**
 * A metric that a network of kind `distance` computes. The model is looked up when the metric is made, and stands with its hash in the identity;
 * without it every score is null, `model-missing`.
 */
function distanceMetric(variant: Variant): MetricDefinition {
  const { alias, describe, source, name, conventions, model: id, range } = variant;
  const shell = define({
    alias,
    describe,
    direction: 'lower',
    range,
    needs: { reference: true, network: id },
    source,
    name,
    conventions: { ...conventions, model: 'missing' },
    version: 1,
    score: async () => ({ value: null, reason: 'model-missing' }),
  });
  return {
    ...shell,
    create(settings: MetricSettings = {}) {
      const model = findModelSync('distance', id);
      if (!model) return shell.create(settings);
      return define({
        ...shell,
        name,
        conventions: { ...conventions, model: modelWord(model) },
        version: 1,
        score: (input: MetricInput, { crop }: Settings) => score(model, variant, input, crop),
        dispose: () => closeNetwork(model),
      }).create(settings);
    },
  };
}

const lpips = (backbone: string, net: string): MetricDefinition =>
  distanceMetric({
    alias: `lpips-${backbone}`,
    describe: `LPIPS v0.1 through ${net}`,
    source: 'Zhang, Isola, Efros, Shechtman, Wang 2018; PerceptualSimilarity v0.1',
    name: 'lpips',
    conventions: { [backbone]: true, 'v0.1': true },
    model: `lpips-${backbone}`,
    range: [0, Number.POSITIVE_INFINITY],
  });

export const lpipsAlex = lpips('alex', 'AlexNet');
export const lpipsVgg = lpips('vgg', 'VGG16');
export const lpipsSqueeze = lpips('squeeze', 'SqueezeNet 1.1');

const DISTS = {
  source: 'Ding, Ma, Wang, Simoncelli 2020',
  name: 'dists',
  model: 'dists',
  range: [0, 1],
} as const;

const SHORT = 256;

/** Reduced to a shorter side of 256 by an antialiased triangle filter, 8-bit, as the authors' code does with larger pictures; others as they are. */
async function shorter256(image: Image, signal?: AbortSignal): Promise<Image> {
  const short = Math.min(image.width, image.height);
  if (short <= SHORT) return image;
  const side = (full: number) => Math.floor((full * SHORT) / short); // torchvision truncates the longer side
  const whole = image.depth === 8 ? image : { ...image, depth: 8 as const };
  return resampleImage(whole, side(image.width), side(image.height), {
    filter: 'linear',
    border: 'replicate',
    ...(signal ? { signal } : {}),
  });
}

export const dists = distanceMetric({
  ...DISTS,
  alias: 'dists',
  describe: 'DISTS at the size of the pictures',
  conventions: { size: 'native' },
});

export const dists256 = distanceMetric({
  ...DISTS,
  alias: 'dists-256',
  describe: "DISTS after reduction to a shorter side of 256, as the authors' code does",
  conventions: { resize: 'short256-linear-aa-round8' },
  prepare: shorter256,
});

const SERVED = new Set(['lpips-alex', 'lpips-vgg', 'lpips-squeeze', 'dists']);

/** A metric for every other installed model that measures distances, under the model's id. */
export const installedDistances = (): MetricDefinition[] =>
  modelsSync('distance')
    .filter(({ manifest }) => !SERVED.has(manifest.id.replaceAll('_', '-')))
    .map(({ manifest: { id, title, source } }) =>
      distanceMetric({
        alias: id,
        describe: title,
        source,
        name: 'distance',
        conventions: {},
        model: id,
        range: [0, Number.POSITIVE_INFINITY],
      }),
    );

/** LPIPS before it is averaged over positions. */
export interface DistanceMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * The spatial map of a distance model, where its graph gives one (`map` in the manifest): distance at every position, at the size the graph gives.
 * undefined where the model is missing or has no map.
 */
export async function distanceMap(
  id: string,
  reference: Image,
  image: Image,
  options: { readonly signal?: AbortSignal } = {},
): Promise<DistanceMap | undefined> {
  const model = findModelSync('distance', id);
  if (!model?.manifest.map) return undefined;
  assertOpaque(reference, 'reference');
  assertOpaque(image, 'output');
  const views = [viewOf(reference, 0, model.manifest.multiple), viewOf(image, 0, model.manifest.multiple)] as const;
  const { map } = await measureDistance(await networkOf(model), model.manifest, views, options);
  const [, , height, width] = map!.dims;
  return { width: width!, height: height!, values: map!.data as Float32Array };
}
