import type { MetricDefinition } from '@ir/core';
import { type Colour, compare } from '@ir/native';
import { define } from '../define.js';
import { isFiniteImage, pairOf, rastersOf, sidesAfter } from '../pictures.js';

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b) / values.length;

/** PSNR = 10 log10(255^2 / MSE) with the MSE over all samples of the planes of `colour` together (not a mean of decibels). */
function psnr(alias: string, colour: Colour, word: string, describe: string): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'higher',
    range: [0, Number.POSITIVE_INFINITY],
    needs: { reference: true },
    source: 'definition; BT.601 luma as in BasicSR',
    name: 'psnr',
    conventions: { [word]: true, peak: '255' },
    version: 1,
    async score({ reference, image, signal }, crop) {
      if (!reference) return { value: null, reason: 'no-reference' };
      const pair = pairOf(reference, image);
      if (Math.min(...sidesAfter(image, crop)) < 1) return { value: null, reason: 'too-small' };
      if (!pair.every(isFiniteImage)) return { value: null, reason: 'not-finite' };
      const [a, b] = rastersOf(...pair);
      const { mse } = await compare(a!, b!, { colour, crop, ssim: false }, signal ? { signal } : {});
      const error = mean(mse);
      return error === 0 ? { value: null, reason: 'identical' } : { value: 10 * Math.log10((255 * 255) / error) };
    },
  });
}

export const psnrRgb = psnr('psnr', 'rgb', 'rgb', 'PSNR over all RGB samples');
export const psnrY = psnr('psnr-y', 'y-studio', 'y-studio', 'PSNR of BT.601 studio luma (16..235), not rounded');
