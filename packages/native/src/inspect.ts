import { load } from './addon.js';
import { type Backend, resolveOptions, type Variant } from './options.js';
import { capabilities } from './run.js';

/** What would run here, and why. */
export interface NativeReport {
  readonly binary: string;
  readonly variant: Variant;
  readonly variants: Readonly<Record<Variant, boolean>>;
  readonly backend: 'auto' | Backend;
  readonly threads: number;
  readonly compiler: string;
  readonly flags: string;
  readonly buffers: 'pinned' | 'copied';
  readonly cuda: ReturnType<typeof capabilities>['cuda'];
  readonly kernels: readonly string[];
}

/** @throws IrNativeError IR_E_LOAD where no binary loads, IR_E_ARGUMENT for a bad environment variable */
export function inspect(): NativeReport {
  const { path } = load();
  const { variants, best, compiler, flags, buffers, cuda, kernels } = capabilities();
  const { threads, variant, backend } = resolveOptions();
  return {
    binary: path,
    variant: variant === 'auto' ? best : variant,
    variants,
    backend,
    threads,
    compiler,
    flags,
    buffers,
    cuda,
    kernels,
  };
}
