import { readFileSync } from 'node:fs';
import type { MetricDefinition, Score } from '@ir/core';
import { type Colour, niqeFeatures } from '@ir/native';
import { define } from '../define.js';
import { type Prepared, preparedImage } from '../pictures.js';
import { distance, fitGaussian, type Gaussian } from './gaussian.js';

type Luma = Exclude<Colour, 'rgb'>;

const FEATURES = 36;
const BLOCK = 96;

let pristine: Gaussian | undefined;

/** The pristine model of the LIVE release; provenance in the asset. */
function pristineModel(): Gaussian {
  if (!pristine) {
    const { mean, covariance } = JSON.parse(
      readFileSync(new URL('../../assets/niqe-pristine.json', import.meta.url), 'utf8'),
    ) as {
      mean: number[];
      covariance: number[][];
    };
    pristine = { mean: Float64Array.from(mean), covariance: Float64Array.from(covariance.flat()) };
  }
  return pristine;
}

const blocksOf = ({ width, height }: Prepared, crop: number): number => {
  const along = (side: number) => Math.max(0, Math.floor((side - 2 * crop) / BLOCK));
  return along(width) * along(height);
};

/** Distance of the picture's natural-scene statistics from those of pristine photographs. */
export async function niqeOf(picture: Prepared, colour: Luma, crop: number, signal?: AbortSignal): Promise<Score> {
  if (blocksOf(picture, crop) < 2) return { value: null, reason: 'too-small' };
  if (!picture.finite) return { value: null, reason: 'not-finite' };
  const { raster, levels } = picture.images[0]!;
  const { features } = await niqeFeatures(raster, { colour, crop, levels }, signal ? { signal } : {});
  const model = fitGaussian(features, FEATURES);
  return model ? { value: distance(pristineModel(), model) } : { value: null, reason: 'no-valid-blocks' };
}

/** `border`: pixels that the metric itself leaves out on every side, after the crop that is asked for. */
function niqe(alias: string, colour: Luma, describe: string, source: string, border = 0): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    needs: { reference: false },
    source,
    name: 'niqe',
    conventions: {
      [colour]: true,
      flat: '0',
      block: String(BLOCK),
      params: 'live-2013',
      ...(border > 0 ? { border: String(border) } : {}),
    },
    version: 1,
    score: async (input, { crop }) => niqeOf(await preparedImage(input), colour, crop + border, input.signal),
  });
}

export const niqeY = niqe(
  'niqe',
  'y-studio-rounded',
  'NIQE on BT.601 studio luma, rounded',
  'Mittal, Soundararajan, Bovik 2013, parameters of the LIVE release; BasicSR',
);
export const niqeGray = niqe(
  'niqe-gray',
  'gray601-rounded',
  'NIQE on round(.299 R + .587 G + .114 B)',
  'pyiqa niqe, as in OSEDiff, SeeSR, StableSR tables',
);
export const niqePirm = niqe(
  'niqe-pirm',
  'y-studio-rounded',
  'NIQE on BT.601 studio luma, rounded, without the outermost 4 pixels',
  'PIRM challenge 2018 (perceptual index)',
  4,
);
