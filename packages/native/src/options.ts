import { availableParallelism } from 'node:os';
import { IrNativeError } from './errors-native.js';

export type Variant = 'base' | 'avx2' | 'avx512';
export type Backend = 'cpu' | 'cuda';

/** What a call ran on, as asked for or chosen. */
export interface Ran {
  readonly kernel: string;
  readonly backend: Backend;
  readonly variant: Variant;
  readonly threads: number;
}

/** How to run a kernel. Results never depend on `threads`; variants and backends agree within each kernel's stated bound. */
export interface ExecOptions {
  /** Default: `IR_NATIVE_THREADS`, else the number of usable cores. */
  readonly threads?: number;
  /** Default: `IR_NATIVE_VARIANT`, else `auto` (the widest the processor has). Forcing one that it lacks is an error. */
  readonly variant?: 'auto' | Variant;
  /** Default: `IR_NATIVE_BACKEND`, else `auto`: CUDA where a calibration measured it faster, else the CPU. */
  readonly backend?: 'auto' | Backend;
  /**
   * Run on the calling thread, for work shorter than its hand-over to another: that takes 0.15 ms after a pause and holds the thread up meanwhile.
   * Default false; on the CPU only.
   */
  readonly inline?: boolean;
  readonly signal?: AbortSignal;
  /** Told what ran, once the call has succeeded. */
  readonly onRan?: (ran: Ran) => void;
}

const VARIANTS = ['auto', 'base', 'avx2', 'avx512'] as const;
const BACKENDS = ['auto', 'cpu', 'cuda'] as const;

function choice<T extends string>(name: string, value: string | undefined, known: readonly T[]): T | undefined {
  if (value === undefined || value === '') return undefined;
  if ((known as readonly string[]).includes(value)) return value as T;
  throw new IrNativeError(
    'IR_E_ARGUMENT',
    `expected ${name} to be one of ${known.join(', ')}, got ${JSON.stringify(value)}`,
  );
}

function threadCount(name: string, value: number | string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const n = Number(value);
  if (Number.isInteger(n) && n >= 1 && n <= 1024) return n;
  throw new IrNativeError(
    'IR_E_ARGUMENT',
    `expected ${name} to be an integer in 1..1024, got ${JSON.stringify(value)}`,
  );
}

/** Options over environment variables over defaults, each checked. */
export function resolveOptions(options: ExecOptions = {}): {
  threads: number;
  variant: 'auto' | Variant;
  backend: 'auto' | Backend;
} {
  const { env } = process;
  return {
    threads:
      threadCount('threads', options.threads) ??
      threadCount('IR_NATIVE_THREADS', env.IR_NATIVE_THREADS) ??
      availableParallelism(),
    variant:
      choice('variant', options.variant, VARIANTS) ??
      choice('IR_NATIVE_VARIANT', env.IR_NATIVE_VARIANT, VARIANTS) ??
      'auto',
    backend:
      choice('backend', options.backend, BACKENDS) ??
      choice('IR_NATIVE_BACKEND', env.IR_NATIVE_BACKEND, BACKENDS) ??
      'auto',
  };
}
