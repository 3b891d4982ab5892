// Restorers and a metric for the tests of the study engine: plain JavaScript, so that the test (on sources) and the study's children
// (on the built package) import the same file. Settings name a file where a toy has to know what happened before.
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { noRestorer, UsageError } from '@ir/core';

const toy = (id, make) => ({
  id,
  describe: `toy ${id}`,
  async create(settings) {
    const { scale = 1, restore, ...rest } = make(settings);
    const identity = `${id}@1`;
    return {
      id,
      identity,
      family: 'none',
      scale,
      needs: { degradation: false },
      restore,
      dispose: async () => {},
      ...rest,
    };
  },
});

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const die = () => process.kill(process.pid, 'SIGKILL');

/** Every sample repeated `n` times in both directions. */
function enlarge(image, n) {
  const [width, height] = [image.width * n, image.height * n];
  const data = new Float32Array(image.channels * width * height);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
    data[i] = image.data[(c * image.height + Math.floor(y / n)) * image.width + Math.floor(x / n)];
  }
  return { ...image, width, height, data };
}

const restorers = [
  noRestorer,
  toy('invert', () => ({ restore: async (image) => ({ ...image, data: image.data.map((v) => 1 - v) }) })),
  toy('enlarge', ({ scale = 2 }) => ({ scale, restore: async (image) => enlarge(image, scale) })),
  toy('cropped', () => ({ restore: async (image) => ({ ...image, width: image.width - 1 }) })),
  toy('throws', () => ({
    restore: async () => Promise.reject(new UsageError('IR_E_USAGE', 'toy: expected luck, got none.')),
  })),
  // Dies at every call; with a file, at the first only.
  toy('dies', ({ file }) => ({
    async restore(image) {
      if (file && existsSync(file)) return image;
      if (file) writeFileSync(file, '');
      return die();
    },
  })),
  // Lets the test know its process, and takes its time.
  toy('slow', ({ file, ms }) => ({
    async restore(image) {
      appendFileSync(file, `${process.pid}\n`);
      await sleep(ms);
      return image;
    },
  })),
  // From its `after`-th call on nothing can be written into the folder any more, as on a full disk.
  toy('fills-the-disk', ({ folder, after }) => {
    let calls = 0;
    return {
      async restore(image) {
        if (++calls > after && !existsSync(join(dirname(folder), 'moved'))) {
          renameSync(folder, join(dirname(folder), 'moved'));
          writeFileSync(folder, basename(folder));
        }
        return image;
      },
    };
  }),
  toy('only-blur', () => ({
    needs: { degradation: true },
    identityFor({ steps }) {
      if (steps[0]?.kind !== 'blur') throw new UsageError('IR_E_DEGRADATION', 'only-blur: expected a blur, got none.');
      return `only-blur[sigma=${steps[0].sigma}]@1`;
    },
    restore: async (image, { degradation }) => (degradation ? image : Promise.reject(new Error('was not told'))),
  })),
  // Another identity in every process.
  toy('fickle', () => ({ identity: `fickle[${process.pid}]@1`, restore: async (image) => image })),
];

const metric = (alias, describe, reference, score, network) => ({
  alias,
  describe,
  direction: 'lower',
  range: [0, 1],
  needs: { reference, network },
  source: 'toy',
  create: ({ crop = 0 } = {}) => ({
    alias,
    id: network ? `${alias}[model=missing,crop=${crop}]@1` : `${alias}[crop=${crop}]@1`,
    direction: 'lower',
    needs: { reference, network },
    score,
  }),
});

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

const metrics = [
  metric('brightness', 'mean sample', false, async ({ image }) => ({ value: mean(image.data) })),
  metric('distance', 'mean absolute difference', true, async ({ reference, image }) =>
    reference.data.every((v, i) => v === image.data[i])
      ? { value: null, reason: 'identical' }
      : { value: mean(image.data.map((v, i) => Math.abs(v - reference.data[i]))) },
  ),
  metric('size-of-input', 'width of I_y', false, async ({ input }) => ({ value: input.width })),
  metric('infinite', 'no number', false, async () => ({ value: Infinity })),
  metric(
    'unseen',
    'a network that is not installed',
    false,
    async () => ({ value: null, reason: 'model-missing' }),
    'eye',
  ),
];

export const setup = () => ({ metrics, restorers });
