import { type Metric, type MetricDefinition, type MetricSettings, UsageError, unknownName } from '@ir/core';
import { msSsim } from './distortion/ms-ssim.js';
import { psnrRgb, psnrY, psnrYFull, psnrYRounded } from './distortion/psnr.js';
import { ssimGray, ssimMatlab3d, ssimRgb, ssimSame, ssimSkimage, ssimY, ssimYPyiqa } from './distortion/ssim.js';
import { metricOfIdentity } from './identity.js';
import { niqeGray, niqePirm, niqeY } from './niqe/niqe.js';

/** Every metric there is: one line each. */
export const METRICS: readonly MetricDefinition[] = [
  psnrRgb,
  psnrY,
  psnrYRounded,
  psnrYFull,
  ssimRgb,
  ssimY,
  ssimYPyiqa,
  ssimGray,
  ssimSkimage,
  ssimSame,
  ssimMatlab3d,
  msSsim,
  niqeY,
  niqeGray,
  niqePirm,
];

/** The definition of an alias. @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion */
export function metricNamed(alias: string, metrics: readonly MetricDefinition[] = METRICS): MetricDefinition {
  const found = metrics.find((m) => m.alias === alias);
  if (found) return found;
  const known = metrics.map((m) => m.alias);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('metric', alias, known));
}

/**
 * Metrics by alias, each once and in the order given, all with the same settings.
 * @throws UsageError `IR_E_UNKNOWN_NAME`, `IR_E_USAGE` (a setting out of range)
 */
export function createMetrics(
  aliases: readonly string[],
  settings: MetricSettings = {},
  metrics: readonly MetricDefinition[] = METRICS,
): Metric[] {
  return [...new Set(aliases)].map((alias) => metricNamed(alias, metrics).create(settings));
}

/** The metric that an identity string names, to the letter. @throws UsageError `IR_E_USAGE` */
export const metricFromIdentity = (text: string, metrics: readonly MetricDefinition[] = METRICS): Metric =>
  metricOfIdentity(text, metrics);
