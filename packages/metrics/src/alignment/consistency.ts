import type { MetricDefinition, MetricInput, Score } from '@ir/core';
import { define } from '../define.js';
import { psnrOf } from '../distortion/psnr.js';
import { ssimOf } from '../distortion/ssim.js';
import { type Prepared, preparedTwo } from '../pictures.js';
import { degradedOutput } from './degraded-output.js';

const prepared = new WeakMap<MetricInput, Promise<Prepared>>();

type Measure = (pair: Prepared, crop: number, signal?: AbortSignal) => Promise<Score>;

async function score(input: MetricInput, crop: number, measure: Measure): Promise<Score> {
  const output = await degradedOutput(input);
  if (typeof output === 'string') return { value: null, reason: output };
  const { input: given, signal } = input;
  const pair = prepared.get(input) ?? preparedTwo(['input', given!], ['D(output)', output], signal);
  prepared.set(input, pair);
  return measure(await pair, crop, signal);
}

/** How well the output, degraded as the input was, gives the input back: what a restoration must hold to whatever it invents. */
function consistency(of: string, name: string, range: readonly [number, number], measure: Measure): MetricDefinition {
  return define({
    alias: `consistency-${of}`,
    describe: `${name} over RGB between D(output) and the input: same degradation, same noise`,
    direction: 'higher',
    range,
    needs: { reference: false, input: true, degradation: true },
    source: 'data consistency of inverse problems; Eq. 15 with pixels in place of embeddings',
    name: `consistency-${of}`,
    conventions: of === 'psnr' ? { rgb: true, peak: '255' } : { 'rgb-mean': true, win: 'gauss11-1.5', border: 'valid' },
    version: 1,
    score: (input, { crop }) => score(input, crop, measure),
  });
}

export const consistencyPsnr = consistency('psnr', 'PSNR', [0, Number.POSITIVE_INFINITY], (pair, crop, signal) =>
  psnrOf(pair, 'rgb', crop, signal),
);
export const consistencySsim = consistency('ssim', 'SSIM', [-1, 1], (pair, crop, signal) =>
  ssimOf(pair, { crop }, signal),
);
