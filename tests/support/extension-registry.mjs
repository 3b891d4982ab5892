// A metric and a restorer that nobody of the project knows of, written over the public interface alone, and the registry they stand in
// beside the project's own. A study's child processes import this file by its address.
import { noRestorer } from '@ir/core';
import { METRICS } from '@ir/metrics';

/** Contrast: standard deviation of all samples. No reference. */
const contrast = {
  alias: 'toy-contrast',
  describe: 'standard deviation of all samples',
  direction: 'higher',
  range: [0, 0.5],
  needs: { reference: false },
  source: 'definition',
  create: () => ({
    alias: 'toy-contrast',
    id: 'toy-contrast[all-samples]@1',
    direction: 'higher',
    needs: { reference: false },
    async score({ image: { data }, signal }) {
      signal?.throwIfAborted();
      const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
      return { value: Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length) };
    },
  }),
};

/** Stretches samples away from middle grey. Settings: `gain`. */
const stretch = {
  id: 'toy-stretch',
  describe: 'contrast stretched around middle grey',
  async create({ gain = 1.5 }) {
    return {
      id: 'toy-stretch',
      identity: `toy-stretch[gain=${gain}]@1`,
      family: 'classical',
      scale: 1,
      needs: { degradation: false },
      async restore(image, { signal, onProgress } = {}) {
        signal?.throwIfAborted();
        const data = image.data.map((v) => Math.min(1, Math.max(0, 0.5 + gain * (v - 0.5))));
        onProgress?.({ phase: 'stretch', completed: 1, total: 1 });
        return { ...image, data, depth: 32 };
      },
      async dispose() {},
    };
  },
};

export const setup = () => ({ metrics: [...METRICS, contrast], restorers: [noRestorer, stretch] });
