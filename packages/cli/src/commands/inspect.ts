import { listModels, type ModelList, writeAtomically } from '@ir/core';
import { calibrate, inspect, type NativeReport } from '@ir/native';
import { Command } from 'commander';
import { adoptCalibration, type CalibrationInUse } from '../calibration.js';
import { checkOutput } from '../files.js';
import { withExamples, withOutputFlags } from '../options.js';
import { type ProviderReport, tryProviders } from '../providers.js';
import { Session, type SessionFlags } from '../session.js';
import type { Terminal } from '../terminal.js';
import { versions } from '../versions.js';

interface Flags extends SessionFlags {
  readonly calibrate?: string;
}

export function inspectCommand(terminal: Terminal): Command {
  const command = new Command('inspect')
    .summary('what would run here, and why')
    .description(
      'The native binary, its instruction-set variant, devices, the providers of onnxruntime, versions and networks.',
    )
    .option('--calibrate <file>', 'measure from which size the device is faster than the processor, and write it down');
  return withExamples(withOutputFlags(command), [
    'ir inspect',
    'ir inspect --json',
    'ir inspect --calibrate device.json',
  ]).action((flags: Flags) => run(flags, new Session(terminal, flags)));
}

interface Report {
  readonly native: NativeReport | { readonly error: { readonly code: string; readonly message: string } };
  readonly calibration: CalibrationInUse | null;
  readonly providers: readonly ProviderReport[];
  readonly versions: Readonly<Record<string, string>>;
  readonly models: ModelList['models'];
  readonly broken: ModelList['broken'];
}

async function run({ calibrate: file }: Flags, session: Session): Promise<void> {
  const { signal } = session;
  if (file !== undefined) return measure(file, session);
  let failure: unknown;
  let native: Report['native'];
  try {
    native = inspect();
  } catch (error) {
    // The rest is told all the same: this is the command that people run when something is wrong.
    failure = error;
    const { code = 'IR_E_INTERNAL', message } = error as Error & { code?: string };
    native = { error: { code, message } };
  }
  const [{ models, broken }, providers] = await Promise.all([listModels(), tryProviders(signal)]);
  const calibration = adoptCalibration() ?? null;
  const report: Report = { native, calibration, providers, versions: versions(), models, broken };
  session.result({ schema: 'ir.inspect/1', ...report }, describe(report));
  if (failure !== undefined) throw failure;
}

async function measure(file: string, session: Session): Promise<void> {
  await checkOutput(file);
  session.note('measuring every kernel on the processor and on the device');
  const calibration = await calibrate({ signal: session.signal });
  await writeAtomically(file, `${JSON.stringify(calibration, null, 2)}\n`);
  const rows = Object.entries(calibration.crossover).map(
    ([kernel, from]) => `  ${kernel}: ${from === null ? 'never, as far as measured' : `from ${from} samples`}`,
  );
  session.result(
    calibration,
    `${file}: ${calibration.device} is faster than ${calibration.processor}\n${rows.join('\n')}`,
  );
}

function describeNative(native: Report['native']): string[] {
  if ('error' in native) return [`binary     none: ${native.error.message}`];
  const lacking = Object.entries(native.variants).flatMap(([name, there]) => (there ? [] : [name]));
  const devices = native.cuda.devices.map(
    ({ name, computeCapability, bytes }) => `${name} (${computeCapability}, ${(bytes / 2 ** 30).toFixed(1)} GiB)`,
  );
  return [
    `binary     ${native.binary}`,
    `compiler   ${native.compiler}, ${native.flags}`,
    `variant    ${native.variant} of ${Object.keys(native.variants).join(', ')}${lacking.length > 0 ? ` (not on this processor: ${lacking.join(', ')})` : ''}`,
    `backend    ${native.backend}, ${native.threads} threads, buffers ${native.buffers}`,
    `devices    ${devices.join(', ') || `none: ${native.cuda.reason}`}`,
    `kernels    ${native.kernels.join(', ')}`,
  ];
}

function describe({ native, calibration, providers, versions: all, models, broken }: Report): string {
  return [
    ...describeNative(native),
    `calibrated ${calibration ? `${calibration.file}, for ${calibration.device}` : 'no (IR_CALIBRATION names no file): all kernels on the processor unless forced'}`,
    `providers  ${providers.flatMap((one) => (one.available ? [one.provider] : [])).join(', ') || 'none'}`,
    ...providers.flatMap(({ provider, reason }) =>
      reason === undefined ? [] : [`           not ${provider}: ${reason}`],
    ),
    `versions   ${Object.entries(all)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    `models     ${models.map(({ manifest, origin }) => `${manifest.id} (${origin})`).join(', ') || 'none'}`,
    ...broken.map(({ folder, problem }) => `           not usable: ${folder}: ${problem}`),
  ].join('\n');
}
