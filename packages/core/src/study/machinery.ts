import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Backend, gaussianBlur, inspect, type NativeReport, type Variant } from '@ir/native';
import sharp from 'sharp';
import { hashFile } from '../models/store.js';

/** What computes a study's cells, as far as it can change a number: part of every cell's address. */
export interface Machinery {
  readonly native: { readonly binary: string; readonly variant: Variant; readonly backend: Backend };
  readonly versions: Readonly<Record<string, string>>;
}

const versionOf = (url: URL | string): string => (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;

/** Versions of what numbers pass through: this package, the engine's arithmetic, the codecs, the network runtime. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return {
    '@ir/core': versionOf(new URL('../../package.json', import.meta.url)),
    'onnxruntime-node': versionOf(require.resolve('onnxruntime-node/package.json')),
    sharp: sharp.versions.sharp ?? 'unknown',
    vips: sharp.versions.vips ?? 'unknown',
    v8: process.versions.v8,
  };
}

/**
 * The native build by the hash of its binary, the variant and the backend that are forced on every cell: those of the environment, else the
 * widest variant and the CPU (a calibration belongs to one process and is not handed on).
 * @throws IrNativeError `IR_E_LOAD`; `IR_E_BACKEND`, `IR_E_UNSUPPORTED` where what is forced is not there
 */
export async function surveyMachinery(): Promise<{ machinery: Machinery; report: NativeReport }> {
  const report = inspect();
  const { variant } = report;
  const backend = report.backend === 'auto' ? 'cpu' : report.backend;
  // Asks the addon itself: one sample blurred, in nobody's way.
  const sample = () => ({ data: new Float32Array(1), width: 1, height: 1, channels: 1 as const });
  await gaussianBlur(
    sample(),
    { out: sample(), sigma: 1, size: 3, border: 'replicate' },
    { variant, backend, threads: 1 },
  );
  const binary = await hashFile(report.binary);
  return { machinery: { native: { binary, variant, backend }, versions: versions() }, report };
}
