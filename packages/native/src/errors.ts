/** An error with a stable code (`IR_E_...`). Messages say what was expected, for which name, what came and what to do. */
export class IrError extends Error {
  override readonly name: string = 'IrError';
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Name, code, message and causes, for logs and `--json`. */
  toJSON(): { name: string; code: string; message: string; cause?: unknown } {
    const { cause } = this;
    const told = cause instanceof Error ? { name: cause.name, message: cause.message } : cause;
    return { name: this.name, code: this.code, message: this.message, ...(told === undefined ? {} : { cause: told }) };
  }
}
