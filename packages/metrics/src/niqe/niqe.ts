import { readFileSync } from 'node:fs';
import type { MetricDefinition } from '@ir/core';
import { type Colour, niqeFeatures } from '@ir/native';
import { define } from '../define.js';
import { assertOpaque, isFiniteImage, rastersOf, sidesAfter } from '../pictures.js';
import { distance, fitGaussian, type Gaussian } from './gaussian.js';

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

/** NIQE: distance of the picture's natural-scene statistics from those of pristine photographs. No reference. */
function niqe(alias: string, colour: Exclude<Colour, 'rgb'>, word: string, describe: string): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    needs: { reference: false },
    source: 'Mittal, Soundararajan, Bovik 2013; parameters of the LIVE release',
    name: 'niqe',
    conventions: { [word]: true, flat: '0', block: String(BLOCK), params: 'live-2013' },
    version: 1,
    async score({ image, signal }, crop) {
      assertOpaque(image, 'output');
      const [width, height] = sidesAfter(image, crop);
      if (width < BLOCK || height < BLOCK || Math.floor(width / BLOCK) * Math.floor(height / BLOCK) < 2)
        return { value: null, reason: 'too-small' };
      if (!isFiniteImage(image)) return { value: null, reason: 'not-finite' };
      const { features } = await niqeFeatures(rastersOf(image)[0]!, { colour, crop }, signal ? { signal } : {});
      const model = fitGaussian(features, FEATURES);
      if (!model) return { value: null, reason: 'no-valid-blocks' };
      const value = distance(pristineModel(), model);
      return Number.isFinite(value) ? { value } : { value: null, reason: 'not-finite' };
    },
  });
}

export const niqeY = niqe(
  'niqe',
  'y-studio-rounded',
  'y-studio-rounded',
  'NIQE on BT.601 studio luma, rounded (BasicSR)',
);
export const niqeGray = niqe(
  'niqe-gray',
  'gray601-rounded',
  'gray601-rounded',
  'NIQE on round(.299 R + .587 G + .114 B)',
);
