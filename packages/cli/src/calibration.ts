import { type Calibration, readCalibration, useCalibration } from '@ir/native';

/** What `IR_CALIBRATION` names, made by `ir inspect --calibrate FILE`. */
export interface CalibrationInUse extends Calibration {
  readonly file: string;
}

/**
 * Takes the calibration that the environment names into use for this process: kernels then go to the device from the sizes on at which it was
 * measured to be faster. Without one they run on the processor. @throws IrNativeError `IR_E_ARGUMENT` for a file that is none
 */
export function adoptCalibration(): CalibrationInUse | undefined {
  const { IR_CALIBRATION: file } = process.env;
  const calibration = file ? readCalibration(file) : undefined;
  useCalibration(calibration);
  return file && calibration ? { file, ...calibration } : undefined;
}
