/** The fused denoise step: `out = a z + b m + sigma n` with guidance `m = m_u + s (m_c - m_u)`, against a plain typed-array loop. */
import { denoiseStep, normalField } from '@ir/native';
import { deviation } from '../lib/statistics.mjs';

const LENGTH = 1 << 20;
const COEFFICIENTS = { a: 1.0009, b: -0.021, s: 4 };
const SIGMA = 0.13;
const SEED = 7n;

function ramp(length, k) {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 0.001 * k) * (1 + (i % 7) / 7));
}

async function input() {
  const n = new Float32Array(LENGTH);
  await normalField({ out: n, seed: SEED, stream: 1, step: 3 });
  return { z: ramp(LENGTH, 1), m: ramp(LENGTH, 2), mu: ramp(LENGTH, 3), n };
}

function loop(out, { z, m, mu, n }, { a, b, s }, sigma, guided) {
  for (let i = 0; i < out.length; i++) {
    const model = guided ? mu[i] + s * (m[i] - mu[i]) : m[i];
    out[i] = a * z[i] + b * model + (sigma ? sigma * n[i] : 0);
  }
}

/** Box-Muller over Math.random: what a JavaScript user writes when the noise has to be made. */
function loopWithNoise(out, operands, coefficients, sigma) {
  const n = new Float32Array(out.length);
  for (let i = 0; i < n.length; i += 2) {
    const r = Math.sqrt(-2 * Math.log(1 - Math.random()));
    const t = 2 * Math.PI * Math.random();
    n[i] = r * Math.cos(t);
    n[i + 1] = r * Math.sin(t);
  }
  loop(out, { ...operands, n }, coefficients, sigma, true);
}

const kinds = {
  'denoise plain 1M': { guided: false, sigma: 0, noise: 'none' },
  'denoise guided 1M': { guided: true, sigma: 0, noise: 'none' },
  'denoise guided + noise given 1M': { guided: true, sigma: SIGMA, noise: 'given' },
  'denoise guided + noise made 1M': { guided: true, sigma: SIGMA, noise: 'made' },
};

export const denoiseWorkloads = Object.entries(kinds).map(([name, { guided, sigma, noise }]) => ({
  name,
  errorUnit: 'absolute',
  bound: 1e-5,
  input,
  exact(operands) {
    const out = new Float64Array(LENGTH);
    loop(out, operands, COEFFICIENTS, sigma, guided);
    return out;
  },
  error: (output, truth) => deviation(output, truth),
  implementations: {
    ir: {
      async prepare({ z, m, mu, n }, { threads }) {
        const out = new Float32Array(LENGTH);
        const { s, ...coefficients } = COEFFICIENTS;
        const args = { z, m, out, ...coefficients, sigma, ...(guided ? { mu, s } : {}) };
        if (noise === 'given') args.n = n;
        if (noise === 'made') Object.assign(args, { seed: SEED, stream: 1, step: 3 });
        const run = () => denoiseStep(args, { threads });
        return {
          run,
          output: async () => {
            await run();
            return out;
          },
        };
      },
    },
    'typed-array loop': {
      async prepare(operands) {
        const out = new Float32Array(LENGTH);
        if (noise === 'made') {
          // its noise is another one by nature; the arithmetic around it is verified on the given noise
          const run = () => loopWithNoise(out, operands, COEFFICIENTS, sigma);
          return {
            run,
            output: () => {
              loop(out, operands, COEFFICIENTS, sigma, guided);
              return out;
            },
          };
        }
        const run = () => loop(out, operands, COEFFICIENTS, sigma, guided);
        return {
          run,
          output: () => {
            run();
            return out;
          },
        };
      },
    },
  },
}));
