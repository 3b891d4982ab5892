import { explain, type Metric, type MetricDefinition, type MetricSettings, UsageError, unknownName } from '@ir/core';
import { alignClsCos, alignClsL2, alignClsMse, alignPatchCos } from './alignment/alignment.js';
import { consistencyPsnr, consistencySsim } from './alignment/consistency.js';
import { msSsim } from './distortion/ms-ssim.js';
import { psnrRgb, psnrY, psnrYFull, psnrYRounded } from './distortion/psnr.js';
import { ssimGray, ssimMatlab3d, ssimRgb, ssimSame, ssimSkimage, ssimY, ssimYPyiqa } from './distortion/ssim.js';
import { DISTRIBUTIONS } from './distribution/distribution.js';
import { metricOfIdentity } from './identity.js';
import { dists, dists256, installedDistances, lpipsAlex, lpipsSqueeze, lpipsVgg } from './learned/distance.js';
import { installedQualities, pi } from './learned/quality.js';
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
  pi,
  lpipsAlex,
  lpipsVgg,
  lpipsSqueeze,
  dists,
  dists256,
  alignClsCos,
  alignClsL2,
  alignClsMse,
  alignPatchCos,
  consistencyPsnr,
  consistencySsim,
];

/** `METRICS`, and one for every other installed model that measures, under its id. Reads the folders of models. */
export function allMetrics(): readonly MetricDefinition[] {
  const taken = new Set(METRICS.map(({ alias }) => alias));
  return [...METRICS, ...[...installedDistances(), ...installedQualities()].filter(({ alias }) => !taken.has(alias))];
}

/** The definition of an alias. @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion, `IR_E_USAGE` for a distance of folders */
export function metricNamed(alias: string, metrics: readonly MetricDefinition[] = allMetrics()): MetricDefinition {
  const found = metrics.find((m) => m.alias === alias);
  if (found) return found;
  const folders = Object.keys(DISTRIBUTIONS);
  if (folders.includes(alias)) {
    const told = { name: 'metric', expected: 'a metric of pictures', got: `${alias}, a distance of whole folders` };
    throw new UsageError('IR_E_USAGE', explain({ ...told, fix: 'Ask `ir score` for it, over two folders' }));
  }
  const known = [...metrics.map((m) => m.alias), ...folders];
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('metric', alias, known));
}

/**
 * Metrics by alias, each once and in the order given, all with the same settings.
 * @throws UsageError `IR_E_UNKNOWN_NAME`, `IR_E_USAGE` (a setting out of range)
 */
export function createMetrics(
  aliases: readonly string[],
  settings: MetricSettings = {},
  metrics: readonly MetricDefinition[] = allMetrics(),
): Metric[] {
  return [...new Set(aliases)].map((alias) => metricNamed(alias, metrics).create(settings));
}

/** The metric that an identity string names, to the letter. @throws UsageError `IR_E_USAGE` */
export const metricFromIdentity = (text: string, metrics: readonly MetricDefinition[] = allMetrics()): Metric =>
  metricOfIdentity(text, metrics);
