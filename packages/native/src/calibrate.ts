import { cpus } from 'node:os';
import type { Calibration } from './calibration.js';
import { IrNativeError } from './errors-native.js';
import {
  addNoise,
  compare,
  degrade,
  denoiseStep,
  gaussianBlur,
  niqeFeatures,
  normalField,
  resample,
} from './kernels.js';
import type { ExecOptions } from './options.js';
import type { PlanarF32 } from './raster.js';
import { capabilities } from './run.js';

const SIDES = [256, 512, 1024, 2048, 4096];
const REPEATS = 5;

type Trial = (picture: PlanarF32, exec: ExecOptions) => Promise<unknown>;

/** A typical call of each kernel. */
const TRIALS: Readonly<Record<string, Trial>> = {
  gaussianBlur: (p, exec) => gaussianBlur(p, { sigma: 4 }, exec),
  resample: (p, exec) => resample(p, { scaleX: 0.5, scaleY: 0.5 }, exec),
  degrade: (p, exec) => degrade(p, { sigma: 2, scaleX: 0.25, scaleY: 0.25 }, exec),
  addNoise: (p, exec) => addNoise(p, { kind: 'gaussian', sigma: 0.05, seed: 1 }, exec),
  normalField: (p, exec) => normalField({ out: p.data, seed: 1 }, exec),
  denoiseStep: (p, exec) =>
    denoiseStep({ z: p.data, m: p.data, out: p.data.slice(), a: 1, b: -0.1, sigma: 0.1, seed: 1 }, exec),
  compare: (p, exec) => compare(p, p, {}, exec),
  niqeFeatures: (p, exec) => niqeFeatures(p, {}, exec),
};

async function median(trial: Trial, picture: PlanarF32, exec: ExecOptions): Promise<number> {
  await trial(picture, exec);
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await trial(picture, exec);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1] as number;
}

/**
 * Measures each kernel on the CPU and on the device, host transfers included, at sizes up to 4096x4096x3, and gives the size from which the
 * device won at every larger size measured. @throws IrNativeError IR_E_BACKEND without a device
 */
export async function calibrate(
  options: { readonly signal?: AbortSignal; readonly sides?: readonly number[] } = {},
): Promise<Calibration> {
  const device = capabilities().cuda.devices[0];
  if (!device)
    throw new IrNativeError(
      'IR_E_BACKEND',
      `expected a CUDA device to calibrate against, got none: ${capabilities().cuda.reason}`,
    );
  const crossover: Record<string, number | null> = {};
  for (const [kernel, trial] of Object.entries(TRIALS)) {
    crossover[kernel] = null;
    for (const side of [...(options.sides ?? SIDES)].reverse()) {
      options.signal?.throwIfAborted();
      const picture = {
        data: Float32Array.from({ length: side * side * 3 }, (_, i) => (i % 251) / 250),
        width: side,
        height: side,
        channels: 3,
      };
      if ((await median(trial, picture, { backend: 'cuda' })) >= (await median(trial, picture, { backend: 'cpu' })))
        break;
      crossover[kernel] = side * side * 3;
    }
  }
  return { schema: 'ir.calibration/1', device: device.name, processor: cpus()[0]?.model ?? 'unknown', crossover };
}
