/**
 * SSIM of a colour pair's luma (11x11 Gaussian sigma 1.5, valid windows, no reduction beforehand), the luma included. Ours takes RGB, ssim.js
 * RGBA, the one layout it knows; its luma is the `original` one, MATLAB's to five decimals.
 */
import { compare } from '@ir/native';
import * as exact from '../lib/exact.mjs';
import { distorted, photographLike } from '../lib/pictures.mjs';
import { deviation } from '../lib/statistics.mjs';

const [WIDTH, HEIGHT] = [2040, 1356];

/** MATLAB's rgb2gray, rounded to 8 bit. */
function grey({ data, width, height }) {
  const [r, g, b] = [0.298936021293775, 0.587043074451121, 0.114020904255103];
  return Float64Array.from({ length: width * height }, (_, i) =>
    Math.round(r * data[3 * i] + g * data[3 * i + 1] + b * data[3 * i + 2]),
  );
}

function rgba({ data, width, height }) {
  const out = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = data[3 * i + c];
    out[4 * i + 3] = 255;
  }
  return { data: out, width, height };
}

async function ssimJs({ a, b }, ssim) {
  const module = await import('ssim.js').catch(() => undefined);
  if (!module) return { skipped: 'npm package ssim.js is not installed' };
  const judge = module.ssim ?? module.default?.ssim ?? module.default;
  const pair = [rgba(a), rgba(b)];
  const run = () => judge(...pair, { ssim, downsample: false, rgb2grayVersion: 'original' }).mssim;
  return { run, output: () => [run()] };
}

export const ssimWorkloads = [
  {
    name: 'ssim luma u8',
    errorUnit: 'SSIM',
    bound: 2e-6,
    input: () => ({ a: photographLike(WIDTH, HEIGHT), b: distorted(photographLike(WIDTH, HEIGHT)) }),
    exact: ({ a, b }) => [exact.ssim(grey(a), grey(b), WIDTH, HEIGHT)],
    error: (output, truth) => deviation(output, truth),
    implementations: {
      ir: {
        async prepare({ a, b }, { threads }) {
          const run = () => compare(a, b, { colour: 'gray-rounded' }, { threads });
          return { run, output: async () => [(await run()).ssim[0]] };
        },
      },
      'ssim.js fast': { bound: 1e-3, prepare: (input) => ssimJs(input, 'fast') },
      'ssim.js weber (its default)': { equal: false, bound: 1, prepare: (input) => ssimJs(input, 'weber') },
    },
  },
];
