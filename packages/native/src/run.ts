import { type AddonReport, load } from './addon.js';
import { chooseBackend } from './calibration.js';
import { IrNativeError } from './errors-native.js';
import { type ExecOptions, type Ran, resolveOptions } from './options.js';

let report: AddonReport | undefined;

/** What the addon can do on this machine; asked once. */
export function capabilities(): AddonReport {
  report ??= load().addon.inspect();
  return report;
}

/** The backend and variant that a call of this size would run on. */
export function plan(kernel: string, samples: number, options?: ExecOptions): Omit<Ran, 'kernel'> {
  const { threads, variant, backend } = resolveOptions(options);
  const { best, cuda } = capabilities();
  return {
    threads,
    variant: variant === 'auto' ? best : variant,
    backend: backend === 'auto' ? chooseBackend(kernel, samples, cuda.devices[0]?.name) : backend,
  };
}

/** Runs a kernel; `samples` is the size by which `auto` chooses. Rejects with `signal.reason` on abort. */
export async function runKernel(
  kernel: string,
  args: object,
  samples: number,
  options: ExecOptions = {},
): Promise<Ran> {
  const { signal } = options;
  signal?.throwIfAborted();
  const how = plan(kernel, samples, options);
  try {
    const call = load().addon.run(kernel, args, { ...how, inline: options.inline === true });
    signal?.addEventListener('abort', call.abort, { once: true });
    try {
      await call.promise;
    } finally {
      signal?.removeEventListener('abort', call.abort);
    }
  } catch (error) {
    const told = IrNativeError.from(error);
    if (told instanceof IrNativeError && told.code === 'IR_E_ABORTED' && signal?.aborted) throw signal.reason;
    throw told;
  }
  const ran: Ran = { kernel, ...how };
  options.onRan?.(ran);
  return ran;
}
