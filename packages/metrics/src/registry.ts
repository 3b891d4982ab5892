import { type MetricDefinition, UsageError, unknownName } from '@ir/core';
import { psnrRgb, psnrY } from './distortion/psnr.js';
import { ssimRgb, ssimY } from './distortion/ssim.js';
import { niqeGray, niqeY } from './niqe/niqe.js';

/** Every metric there is: one line each. */
export const METRICS: readonly MetricDefinition[] = [psnrRgb, psnrY, ssimRgb, ssimY, niqeY, niqeGray];

/** The definition of an alias. @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion */
export function metricNamed(alias: string, metrics: readonly MetricDefinition[] = METRICS): MetricDefinition {
  const found = metrics.find((m) => m.alias === alias);
  if (!found)
    throw new UsageError(
      'IR_E_UNKNOWN_NAME',
      unknownName(
        'metric',
        alias,
        metrics.map((m) => m.alias),
      ),
    );
  return found;
}
