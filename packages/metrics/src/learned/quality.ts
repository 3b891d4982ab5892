import {
  findModelSync,
  type InstalledModel,
  type MetricDefinition,
  type MetricInput,
  type MetricSettings,
  measureQuality,
  modelsSync,
  type QualityManifest,
  type Score,
} from '@ir/core';
import { define } from '../define.js';
import { niqeOf } from '../niqe/niqe.js';
import { preparedImage, shortSide } from '../pictures.js';
import { viewOf } from './distance.js';
import { closeNetwork, modelWord, networkOf } from './networks.js';

type Model = InstalledModel<QualityManifest>;

async function qualityOf(model: Model, input: MetricInput, crop: number): Promise<Score> {
  const { manifest } = model;
  const picture = await preparedImage(input);
  if (shortSide(picture, crop) < manifest.smallest) return { value: null, reason: 'too-small' };
  if (!picture.finite) return { value: null, reason: 'not-finite' };
  const view = viewOf(input.image, crop, manifest.multiple);
  const { signal } = input;
  return { value: await measureQuality(await networkOf(model), manifest, view, signal ? { signal } : {}) };
}

/** A no-reference metric for every installed model of kind `quality` (MUSIQ, CLIPIQA, MANIQA, ...), under the model's id. */
export const installedQualities = (): MetricDefinition[] =>
  modelsSync('quality').map((model) => {
    const { id, title, source, direction } = model.manifest;
    return define({
      alias: id,
      describe: title,
      direction,
      range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      needs: { reference: false, network: id },
      source,
      name: 'quality',
      conventions: { model: modelWord(model) },
      version: 1,
      score: (input, { crop }) => qualityOf(model, input, crop),
      dispose: () => closeNetwork(model),
    });
  });

const NRQM = 'nrqm';
/** Pixels that the PIRM challenge leaves out on every side. */
const BORDER = 4;

async function perceptualIndex(model: Model, input: MetricInput, crop: number): Promise<Score> {
  const niqe = await niqeOf(await preparedImage(input), 'y-studio-rounded', crop + BORDER, input.signal);
  if (niqe.value === null) return niqe;
  const ma = await qualityOf(model, input, crop + BORDER);
  return ma.value === null ? ma : { value: (10 - ma.value + niqe.value) / 2 };
}

const shell = {
  alias: 'pi',
  describe: 'Perceptual index ((10 - NRQM) + NIQE) / 2, both without the outermost 4 pixels',
  direction: 'lower',
  range: [0, Number.POSITIVE_INFINITY],
  needs: { reference: false, network: NRQM },
  source: 'PIRM challenge 2018 (Blau et al.); NRQM of Ma et al. 2017',
  name: 'pi',
  version: 1,
} as const;

const missing = define({
  ...shell,
  conventions: { niqe: 'y-studio-rounded', border: '4', nrqm: 'missing' },
  score: async () => ({ value: null, reason: 'model-missing' }),
});

/** The perceptual index; null, `model-missing`, until a model `nrqm` of kind quality is installed. */
export const pi: MetricDefinition = {
  ...missing,
  create(settings: MetricSettings = {}) {
    const model = findModelSync('quality', NRQM);
    if (!model) return missing.create(settings);
    return define({
      ...shell,
      conventions: { niqe: 'y-studio-rounded', border: '4', nrqm: modelWord(model) },
      score: (input, { crop }) => perceptualIndex(model, input, crop),
      dispose: () => closeNetwork(model),
    }).create(settings);
  },
};
