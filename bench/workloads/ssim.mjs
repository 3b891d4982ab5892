/** SSIM of an RGBA pair's luma, as ssim.js computes it (11x11 Gaussian sigma 1.5, valid windows, no reduction beforehand). */
import { compare } from '@ir/native';
import * as exact from '../lib/exact.mjs';
import { distorted, photographLike } from '../lib/pictures.mjs';
import { deviation } from '../lib/statistics.mjs';

const [WIDTH, HEIGHT] = [2040, 1356];

/** ssim.js' luma: MATLAB's rgb2gray coefficients in integers, rounded to 8 bit. */
function grey({ data, width, height }) {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = (77 * data[3 * i] + 150 * data[3 * i + 1] + 29 * data[3 * i + 2] + 128) >> 8;
  return { data: out, width, height, channels: 1 };
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
  const run = () => judge(...pair, { ssim, downsample: false }).mssim;
  return { run, output: () => [run()] };
}

export const ssimWorkloads = [
  {
    name: 'ssim luma u8',
    errorUnit: 'SSIM',
    bound: 2e-6,
    input: () => ({ a: photographLike(WIDTH, HEIGHT), b: distorted(photographLike(WIDTH, HEIGHT)) }),
    exact: ({ a, b }) => [exact.ssim(grey(a).data, grey(b).data, WIDTH, HEIGHT)],
    error: (output, truth) => deviation(output, truth),
    implementations: {
      ir: {
        async prepare({ a, b }, { threads }) {
          // includes the luma, as the peer's time does
          const run = () => compare(grey(a), grey(b), { colour: 'rgb' }, { threads });
          return { run, output: async () => [(await run()).ssim[0]] };
        },
      },
      'ssim.js fast': { bound: 1e-3, prepare: (input) => ssimJs(input, 'fast') },
      'ssim.js original': { bound: 1e-3, prepare: (input) => ssimJs(input, 'original') },
      'ssim.js weber (its default)': { equal: false, bound: 1, prepare: (input) => ssimJs(input, 'weber') },
    },
  },
];
