import { readFileSync } from 'node:fs';
import { IrNativeError } from './errors-native.js';
import type { Backend } from './options.js';

/** From how many samples on CUDA was measured to be faster than the CPU, host transfers included; null: never, as far as measured. */
export interface Calibration {
  readonly schema: 'ir.calibration/1';
  readonly device: string;
  readonly processor: string;
  readonly crossover: Readonly<Record<string, number | null>>;
}

let current: Calibration | undefined;

/** Uses a calibration for `backend: 'auto'`; `undefined` forgets it. */
export function useCalibration(calibration: Calibration | undefined): void {
  current = calibration;
}

/** Reads what `calibrate()` made. */
export function readCalibration(path: string): Calibration {
  const value = JSON.parse(readFileSync(path, 'utf8')) as Calibration;
  if (value?.schema === 'ir.calibration/1' && typeof value.crossover === 'object') return value;
  throw new IrNativeError(
    'IR_E_ARGUMENT',
    `expected a calibration (ir.calibration/1) in ${path}; make one with \`ir inspect --calibrate\``,
  );
}

/** The backend of `auto`: CUDA where the calibration of this very device measured it faster, else the CPU. */
export function chooseBackend(kernel: string, samples: number, device: string | undefined): Backend {
  if (!device || current?.device !== device) return 'cpu';
  const from = current.crossover[kernel];
  return typeof from === 'number' && samples >= from ? 'cuda' : 'cpu';
}
