import type { MetricDefinition, Score } from '@ir/core';
import type { Colour } from '@ir/native';
import { define } from '../define.js';
import { compareTwo, meanOf, type Prepared, preparedPair, shortSide } from '../pictures.js';

/** 10 log10(255^2 / MSE) with the MSE over all samples of the planes of `colour` together (not a mean of decibels). */
export async function psnrOf(pair: Prepared, colour: Colour, crop: number, signal?: AbortSignal): Promise<Score> {
  if (shortSide(pair, crop) < 1) return { value: null, reason: 'too-small' };
  if (!pair.finite) return { value: null, reason: 'not-finite' };
  const [comparison] = await compareTwo(pair, 1, { colour, crop, ssim: false }, signal);
  const error = meanOf(comparison!.mse);
  return error === 0 ? { value: null, reason: 'identical' } : { value: 10 * Math.log10((255 * 255) / error) };
}

function psnr(alias: string, colour: Colour, describe: string, source: string): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'higher',
    range: [0, Number.POSITIVE_INFINITY],
    needs: { reference: true },
    source,
    name: 'psnr',
    conventions: { [colour]: true, peak: '255' },
    version: 1,
    score: async (input, { crop }) => psnrOf(await preparedPair(input), colour, crop, input.signal),
  });
}

export const psnrRgb = psnr('psnr', 'rgb', 'PSNR over all RGB samples', 'definition; BasicSR, KAIR, pyiqa');
export const psnrY = psnr(
  'psnr-y',
  'y-studio',
  'PSNR of BT.601 studio luma (16..235), not rounded',
  'BasicSR and KAIR with test_y_channel; pyiqa with ycbcr',
);
export const psnrYRounded = psnr(
  'psnr-y-rounded',
  'y-studio-rounded',
  'PSNR of BT.601 studio luma (16..235), rounded to whole levels',
  'MATLAB rgb2ycbcr on uint8, as in SRCNN, EDSR and RCAN scripts',
);
export const psnrYFull = psnr(
  'psnr-y-full',
  'y-full-rounded',
  'PSNR of full-range luma .299 .587 .114, rounded to whole levels',
  'pyiqa psnry by default (yiq)',
);
