/** Gaussian blur of an 8-bit RGB photograph: ours against sharp. Errors in grey levels. */
import { gaussianBlur } from '@ir/native';
import * as exact from '../lib/exact.mjs';
import { photographLike, planar } from '../lib/pictures.mjs';
import { deviation } from '../lib/statistics.mjs';

const SIZE = [2040, 1356];

/** Interleaved bytes to planar grey levels, so that every contestant is compared in one layout. */
const levels = (data, width, height) => planar({ data, width, height, channels: 3 }).data.map((v) => v * 255);

async function sharpBlur({ picture }, sigma, options) {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  const raw = { raw: { width: picture.width, height: picture.height, channels: 3 } };
  const run = () =>
    sharp(picture.data, raw)
      .blur({ sigma, ...options })
      .raw()
      .toBuffer();
  return { run, output: async () => levels(await run(), picture.width, picture.height), version: sharp.versions.sharp };
}

export const blurWorkloads = [1, 2, 5, 10, 20].map((sigma) => ({
  name: `blur u8 sigma ${sigma}`,
  errorUnit: 'grey levels',
  bound: 0.52,
  input: () => ({ picture: photographLike(...SIZE) }),
  exact: ({ picture }) => exact.blur(planar(picture), sigma).map((v) => v * 255),
  error: (output, truth) => deviation(output, truth),
  implementations: {
    ir: {
      async prepare({ picture }, { threads }) {
        const out = { ...picture, data: new Uint8Array(picture.data.length) };
        const run = () => gaussianBlur(picture, { sigma, out }, { threads });
        return {
          run,
          output: async () => {
            await run();
            return levels(out.data, out.width, out.height);
          },
        };
      },
    },
    'sharp float minAmplitude .001': {
      // libvips truncates instead of rounding and extends borders by copying the edge: nearly equal work, its error says how nearly
      bound: Number.POSITIVE_INFINITY,
      prepare: (input) => sharpBlur(input, sigma, { precision: 'float', minAmplitude: 0.001 }),
    },
    'sharp default': { equal: false, bound: Number.POSITIVE_INFINITY, prepare: (input) => sharpBlur(input, sigma, {}) },
  },
}));
