import { IrError } from './errors.js';

/** An error of the addon: `IR_E_ARGUMENT`, `_SHAPE`, `_ALIAS`, `_MEMORY`, `_UNSUPPORTED`, `_BACKEND`, `_ABORTED`, `_INTERNAL`, `_LOAD`. */
export class IrNativeError extends IrError {
  override readonly name: string = 'IrNativeError';

  /** Gives what the addon threw the caller's stack; anything else passes through. */
  static from(error: unknown): unknown {
    if (error instanceof IrError) return error;
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('IR_E_')) return error;
    return new IrNativeError(code, String(message), { cause: error });
  }
}
