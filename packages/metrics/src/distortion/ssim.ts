import type { MetricDefinition } from '@ir/core';
import { type Colour, compare } from '@ir/native';
import { define } from '../define.js';
import { isFiniteImage, pairOf, rastersOf, sidesAfter } from '../pictures.js';

const WINDOW = 11;
const mean = (values: Float64Array): number => values.reduce((a, b) => a + b) / values.length;

/** SSIM of Wang et al. 2004: 11x11 Gaussian sigma 1.5, K1 .01, K2 .03, L 255, population moments, windows inside the picture only. */
function ssim(alias: string, colour: Colour, word: string, describe: string): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'higher',
    range: [-1, 1],
    needs: { reference: true },
    source: 'Wang, Bovik, Sheikh, Simoncelli 2004',
    name: 'ssim',
    conventions: { [word]: true, win: 'gauss11-1.5', border: 'valid' },
    version: 1,
    async score({ reference, image, signal }, crop) {
      if (!reference) return { value: null, reason: 'no-reference' };
      const pair = pairOf(reference, image);
      if (Math.min(...sidesAfter(image, crop)) < WINDOW) return { value: null, reason: 'too-small' };
      if (!pair.every(isFiniteImage)) return { value: null, reason: 'not-finite' };
      const [a, b] = rastersOf(...pair);
      const planes = await compare(a!, b!, { colour, crop }, signal ? { signal } : {});
      const value = mean(planes.ssim);
      return Number.isFinite(value) ? { value } : { value: null, reason: 'not-finite' };
    },
  });
}

export const ssimRgb = ssim('ssim', 'rgb', 'rgb-mean', 'SSIM of Wang et al., mean over the RGB planes');
export const ssimY = ssim('ssim-y', 'y-studio', 'y-studio', 'SSIM of Wang et al. on BT.601 studio luma, not rounded');
