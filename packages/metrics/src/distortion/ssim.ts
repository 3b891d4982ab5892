import type { MetricDefinition, Score } from '@ir/core';
import type { CompareOptions } from '@ir/native';
import { define } from '../define.js';
import type { Conventions } from '../identity.js';
import { compareTwo, meanOf, type Prepared, preparedPair, shortSide } from '../pictures.js';

const WINDOWS = {
  gauss11: { word: 'gauss11-1.5', side: 11 },
  uniform7: { word: 'uniform7', side: 7 },
} as const;
const BORDERS = { valid: 'valid', same: 'zero', replicate: 'replicate' } as const;

/** Mean SSIM over the planes: K1 .01, K2 .03, L 255, and the window, borders and colour of `options`. */
export async function ssimOf(pair: Prepared, options: CompareOptions, signal?: AbortSignal): Promise<Score> {
  const { border = 'valid', window = 'gauss11', crop = 0 } = options;
  const least = border === 'valid' ? WINDOWS[window].side : 1;
  if (shortSide(pair, crop) < least) return { value: null, reason: 'too-small' };
  if (!pair.finite) return { value: null, reason: 'not-finite' };
  const [comparison] = await compareTwo(pair, 1, options, signal);
  return { value: meanOf(comparison!.ssim) };
}

function conventionsOf(options: CompareOptions): Conventions {
  const { colour = 'rgb', window = 'gauss11', border = 'valid', clampContrast, volume } = options;
  return {
    [volume ? 'rgb-volume' : colour === 'rgb' ? 'rgb-mean' : colour]: true,
    win: WINDOWS[window].word,
    ...(window === 'uniform7' ? { moments: 'sample' } : {}),
    border: BORDERS[border],
    ...(clampContrast ? { contrast: 'clamped' } : {}),
  };
}

function ssim(alias: string, options: CompareOptions, describe: string, source: string): MetricDefinition {
  return define({
    alias,
    describe,
    direction: 'higher',
    range: [-1, 1],
    needs: { reference: true },
    source,
    name: 'ssim',
    conventions: conventionsOf(options),
    version: 1,
    score: async (input, { crop }) => ssimOf(await preparedPair(input), { ...options, crop }, input.signal),
  });
}

export const ssimRgb = ssim(
  'ssim',
  {},
  'SSIM of Wang et al., windows inside the picture, mean over the RGB planes',
  'Wang, Bovik, Sheikh, Simoncelli 2004; BasicSR, KAIR',
);
export const ssimY = ssim(
  'ssim-y',
  { colour: 'y-studio' },
  'SSIM of Wang et al. on BT.601 studio luma, not rounded',
  'BasicSR and KAIR with test_y_channel',
);
export const ssimYPyiqa = ssim(
  'ssim-y-pyiqa',
  { colour: 'y-studio-rounded', clampContrast: true },
  'SSIM of Wang et al. on rounded BT.601 studio luma, contrast term not below 0',
  'pyiqa with ycbcr, as in the tables of OSEDiff, SeeSR and StableSR',
);
export const ssimGray = ssim(
  'ssim-gray',
  { colour: 'gray-rounded' },
  "SSIM of Wang et al. on MATLAB's rgb2gray, rounded",
  'ssim_index.m of Wang with rgb2gray, without its reduction',
);
export const ssimSkimage = ssim(
  'ssim-skimage',
  { window: 'uniform7' },
  'SSIM with 7x7 equal weights and sample covariance, mean over the RGB planes',
  'scikit-image structural_similarity by default, with channel_axis and data_range 255',
);
export const ssimSame = ssim(
  'ssim-same',
  { border: 'same' },
  'SSIM of Wang et al., a window around every pixel, zeros outside, mean over the RGB planes',
  'pytorch-ssim and the losses built on it',
);
export const ssimMatlab3d = ssim(
  'ssim-matlab3d',
  { border: 'replicate', volume: true },
  'SSIM of the RGB array as a volume: an 11x11x11 window around every sample, edges and channels repeated',
  'MATLAB ssim on uint8 RGB, as in the scripts of Stripformer, Restormer and EDSR',
);
