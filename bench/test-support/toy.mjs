/** A workload of doubling numbers, for the arena's test: ours, an equal peer, one that is wrong, one that does other work, one that is absent. */
import { deviation } from '../lib/statistics.mjs';

const doubling = (factor, calls = 1) => ({
  prepare: ({ values }) => {
    const run = () => {
      let out;
      for (let i = 0; i < calls; i++) out = values.map((v) => v * factor);
      return out;
    };
    return { run, output: run, version: '1' };
  },
});

export const workloads = [
  {
    name: 'doubling',
    module: import.meta.url,
    errorUnit: 'units',
    bound: 0.5,
    input: () => ({ values: Float64Array.from({ length: 20_000 }, (_, i) => i % 100) }),
    exact: ({ values }) => values.map((v) => 2 * v),
    error: (output, truth) => deviation(output, truth),
    implementations: {
      ir: doubling(2),
      'ten times the work': doubling(2, 10),
      wrong: doubling(2.1),
      other: { ...doubling(3), equal: false, bound: Number.POSITIVE_INFINITY },
      absent: { prepare: () => ({ skipped: 'not installed' }) },
    },
  },
  {
    name: 'broken',
    module: import.meta.url,
    input: () => ({}),
    implementations: { ir: { prepare: () => JSON.parse('{') } },
  },
];
