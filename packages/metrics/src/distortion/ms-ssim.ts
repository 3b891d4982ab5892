import { define } from '../define.js';
import { compareTwo, preparedPair, shortSide } from '../pictures.js';

/** Exponents of the scales, finest first. */
const EXPONENTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

/** Shorter side from which the window of 11 fits the fifth scale: 161 samples become 81, 41, 21, 11. */
const LEAST = 161;

/**
 * MS-SSIM (Wang, Simoncelli, Bovik 2003) on MATLAB's rgb2gray, rounded: product of the mean contrast terms of four scales and of SSIM at the fifth,
 * each to its exponent. The contrast map is not below 0, so that powers are defined.
 */
export const msSsim = define({
  alias: 'ms-ssim',
  describe: "Multi-scale SSIM on MATLAB's rgb2gray, rounded: five scales by 2x2 means",
  direction: 'higher',
  range: [0, 1],
  needs: { reference: true },
  source: 'Wang, Simoncelli, Bovik 2003; pyiqa ms_ssim',
  name: 'ms-ssim',
  conventions: {
    'gray-rounded': true,
    win: 'gauss11-1.5',
    border: 'valid',
    contrast: 'clamped',
    scales: '5',
    pool: 'mean2-zero-first',
  },
  version: 1,
  async score(input, { crop }) {
    const pair = await preparedPair(input);
    if (shortSide(pair, crop) < LEAST) return { value: null, reason: 'too-small' };
    if (!pair.finite) return { value: null, reason: 'not-finite' };
    const options = { colour: 'gray-rounded', clampContrast: true, crop } as const;
    const scales = await compareTwo(pair, EXPONENTS.length, options, input.signal);
    const last = EXPONENTS.length - 1;
    const factors = scales.map(({ ssim, contrast }, i) => (i === last ? ssim[0]! : contrast[0]!) ** EXPONENTS[i]!);
    return { value: factors.reduce((a, b) => a * b) };
  },
});
