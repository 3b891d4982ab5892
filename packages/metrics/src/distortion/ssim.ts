import type { MetricDefinition, Score } from '@ir/core';
import { type Colour, type CompareOptions, compare } from '@ir/native';
import { define } from '../define.js';
import { type Prepared, preparedPair, shortSide } from '../pictures.js';

const WINDOW = 11;

/** Mean over the planes of SSIM with Wang's window: 11x11 Gaussian sigma 1.5, K1 .01, K2 .03, L 255, population moments. */
export async function ssimOf(pair: Prepared, options: CompareOptions, signal?: AbortSignal): Promise<Score> {
  const least = options.border === 'same' ? 1 : WINDOW;
  if (shortSide(pair, options.crop ?? 0) < least) return { value: null, reason: 'too-small' };
  if (!pair.finite) return { value: null, reason: 'not-finite' };
  const [reference, image] = pair.rasters;
  const { ssim } = await compare(reference!, image!, options, signal ? { signal } : {});
  return { value: ssim.reduce((a, b) => a + b) / ssim.length };
}

interface Variant {
  readonly colour: Colour;
  readonly border?: 'valid' | 'same';
  readonly clampContrast?: boolean;
}

function ssim(alias: string, variant: Variant, describe: string, source: string): MetricDefinition {
  const { colour, border = 'valid', clampContrast = false } = variant;
  return define({
    alias,
    describe,
    direction: 'higher',
    range: [-1, 1],
    needs: { reference: true },
    source,
    name: 'ssim',
    conventions: {
      [colour === 'rgb' ? 'rgb-mean' : colour]: true,
      win: 'gauss11-1.5',
      border: border === 'same' ? 'zero' : border,
      ...(clampContrast ? { contrast: 'clamped' } : {}),
    },
    version: 1,
    score: async (input, { crop }) =>
      ssimOf(await preparedPair(input), { colour, border, clampContrast, crop }, input.signal),
  });
}

export const ssimRgb = ssim(
  'ssim',
  { colour: 'rgb' },
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
  'pyiqa with ycbcr, as in OSEDiff, SeeSR, StableSR tables',
);
export const ssimGray = ssim(
  'ssim-gray',
  { colour: 'gray-rounded' },
  "SSIM of Wang et al. on MATLAB's rgb2gray, rounded",
  'ssim_index.m of Wang with rgb2gray, without its reduction',
);
export const ssimSame = ssim(
  'ssim-same',
  { colour: 'rgb', border: 'same' },
  'SSIM of Wang et al., a window around every pixel, zeros outside, mean over the RGB planes',
  'pytorch-ssim and the losses built on it',
);
