/** Antialiased bicubic reduction of an 8-bit RGB photograph: ours (MATLAB's) against sharp's cubic kernel. Errors in grey levels. */
import { resample } from '@ir/native';
import * as exact from '../lib/exact.mjs';
import { photographLike, planar } from '../lib/pictures.mjs';
import { deviation } from '../lib/statistics.mjs';

const [WIDTH, HEIGHT] = [2040, 1356];
const levels = (data, width, height) => planar({ data, width, height, channels: 3 }).data.map((v) => v * 255);
const clipped = (v) => Math.max(0, Math.min(255, v * 255));

async function sharpResize({ picture }, width, height, options) {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  const raw = { raw: { width: picture.width, height: picture.height, channels: 3 } };
  const run = () =>
    sharp(picture.data, raw)
      .resize(width, height, { fit: 'fill', ...options })
      .raw()
      .toBuffer();
  return { run, output: async () => levels(await run(), width, height), version: sharp.versions.sharp };
}

export const resizeWorkloads = [2, 4].map((factor) => {
  const [width, height] = [WIDTH / factor, HEIGHT / factor];
  return {
    name: `resize u8 x1/${factor}`,
    errorUnit: 'grey levels',
    bound: 0.52,
    input: () => ({ picture: photographLike(WIDTH, HEIGHT) }),
    exact: ({ picture }) => exact.resize(planar(picture), width, height).map(clipped),
    error: (output, truth) => deviation(output, truth),
    implementations: {
      ir: {
        async prepare({ picture }, { threads }) {
          const out = { data: new Uint8Array(width * height * 3), width, height, channels: 3 };
          const run = () => resample(picture, { width, height, filter: 'cubic', out }, { threads });
          return {
            run,
            output: async () => {
              await run();
              return levels(out.data, width, height);
            },
          };
        },
      },
      'sharp cubic': {
        bound: Number.POSITIVE_INFINITY,
        prepare: (input) => sharpResize(input, width, height, { kernel: 'cubic' }),
      },
      'sharp lanczos3 (its default)': {
        equal: false,
        bound: Number.POSITIVE_INFINITY,
        prepare: (input) => sharpResize(input, width, height, {}),
      },
    },
  };
});
