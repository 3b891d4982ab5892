import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { IrNativeError } from './errors-native.js';
import type { Backend, Variant } from './options.js';

/** The addon as it is: the one typed description of the `.node` file. Everything else in this package is built on it. */
export interface Addon {
  /** Validates and starts a kernel; throws synchronously on bad arguments. `abort` asks it to stop between bands. */
  run(
    kernel: string,
    args: object,
    how: { threads: number; variant: Variant; backend: Backend; inline: boolean },
  ): { promise: Promise<void>; abort(): void };
  inspect(): AddonReport;
  /** A file without a name that lives in memory: its descriptor. */
  createMemory(bytes: number): number;
  /** Such a file as an ArrayBuffer; the descriptor may be closed. */
  mapMemory(descriptor: number, bytes: number): ArrayBuffer;
  DeviceBuffer: new (data: Float32Array | Uint8Array | Uint8ClampedArray) => DeviceBuffer;
}

/** Memory on the device; usable wherever a typed array is, with backend `cuda`. */
export interface DeviceBuffer {
  /** Copies back into a typed array of the same number of bytes. */
  download(into: Float32Array | Uint8Array | Uint8ClampedArray): void;
  /** Frees the memory; idempotent. */
  dispose(): void;
}

export interface AddonReport {
  readonly variants: Readonly<Record<Variant, boolean>>;
  readonly best: Variant;
  readonly compiler: string;
  readonly flags: string;
  /** `pinned`: the kernel shares V8's memory; `copied`: inputs and outputs are copied. */
  readonly buffers: 'pinned' | 'copied';
  readonly cuda: {
    readonly compiled: boolean;
    readonly reason: string;
    readonly devices: readonly { readonly name: string; readonly computeCapability: string; readonly bytes: number }[];
  };
  readonly kernels: readonly string[];
}

interface Loaded {
  readonly addon: Addon;
  readonly path: string;
}

/** Where the binary may be, in order. `IR_NATIVE_BINARY` alone counts when it is set. */
function candidates(): string[] {
  const forced = process.env.IR_NATIVE_BINARY;
  if (forced) return [forced];
  const built = (kind: string) => fileURLToPath(new URL(`../build/${kind}/ir_native.node`, import.meta.url));
  return [built('Release'), built('Debug')];
}

/** Loads the binary in a child process first, so that one that crashes takes the child with it and not the user's process. */
function trial(path: string): string | undefined {
  if (process.env.IR_NATIVE_TRIAL === '0') return undefined;
  const { size, mtimeMs } = statSync(path);
  const verdict = `${path}:${size}:${mtimeMs}`;
  if (process.env.IR_NATIVE_TRIED === verdict) return undefined; // a parent process has tried this very file
  const script = 'require(process.argv[1]).inspect()';
  const child = spawnSync(process.execPath, ['-e', script, path], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (child.status === 0) {
    process.env.IR_NATIVE_TRIED = verdict;
    return undefined;
  }
  if (child.error) return child.error.message; // no child, or one that did not end in time
  if (child.signal) return `it crashed on loading (${child.signal})`;
  const lines = child.stderr.trim().split('\n');
  return lines.find((line) => line.includes('Error')) ?? (lines.at(-1) || `exit code ${child.status}`);
}

function advice(failures: readonly string[]): string {
  const all = failures.join('\n');
  if (/GLIBC(XX)?_/.test(all)) return 'The binary was built for a newer system: rebuild it here with `npm run build`.';
  if (/invalid ELF header|wrong architecture|not a valid Win32/.test(all))
    return 'The binary is for another platform: rebuild it here with `npm run build`.';
  if (/libcudart|libcuda/.test(all))
    return 'A CUDA library is missing: rebuild without CUDA with `IR_CUDA=OFF npm run build`.';
  return 'Build it with `npm run build`; needed are CMake 3.18 and a C++17 compiler (Debian and Ubuntu: `apt install cmake g++`).';
}

let loaded: Loaded | undefined;

/** The addon, loaded once. @throws IrNativeError `IR_E_LOAD` with everything that was tried, why it failed and what to do. */
export function load(): Loaded {
  if (loaded) return loaded;
  const failures: string[] = [];
  for (const path of candidates()) {
    try {
      const problem = existsSync(path) ? trial(path) : 'no such file';
      if (problem) {
        failures.push(`${path}: ${problem}`);
        continue;
      }
      loaded = { addon: createRequire(import.meta.url)(path) as Addon, path };
      return loaded;
    } catch (error) {
      failures.push(`${path}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  const platform = `${process.platform}-${process.arch}, node ${process.version}`;
  throw new IrNativeError(
    'IR_E_LOAD',
    `expected a loadable addon of @ir/native (${platform}), tried:\n  ${failures.join('\n  ')}\n${advice(failures)}`,
  );
}
