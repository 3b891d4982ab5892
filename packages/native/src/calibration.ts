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

/** Reads what `calibrate()` made. @throws IrNativeError IR_E_ARGUMENT for a file that is missing or no calibration */
export function readCalibration(path: string): Calibration {
  const value = parse(path);
  if (isCalibration(value)) return value;
  throw refusal(path, 'something else');
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw refusal(path, error instanceof Error ? error.message : String(error), error);
  }
}

function isCalibration(value: unknown): value is Calibration {
  const { schema, device, processor, crossover } = (value ?? {}) as Partial<Record<keyof Calibration, unknown>>;
  return (
    schema === 'ir.calibration/1' &&
    typeof device === 'string' &&
    typeof processor === 'string' &&
    typeof crossover === 'object' &&
    crossover !== null &&
    Object.values(crossover).every((from) => from === null || (typeof from === 'number' && from >= 0))
  );
}

function refusal(path: string, got: string, cause?: unknown): IrNativeError {
  const advice = 'make one with `ir inspect --calibrate`';
  return new IrNativeError(
    'IR_E_ARGUMENT',
    `expected a calibration (ir.calibration/1) in ${path}, got ${got}; ${advice}`,
    {
      cause,
    },
  );
}

/** The backend of `auto`: CUDA where the calibration of this very device measured it faster, else the CPU. */
export function chooseBackend(kernel: string, samples: number, device: string | undefined): Backend {
  if (!device || current?.device !== device) return 'cpu';
  const from = current.crossover[kernel];
  return typeof from === 'number' && samples >= from ? 'cuda' : 'cpu';
}
