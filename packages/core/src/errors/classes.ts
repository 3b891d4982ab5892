import { IrError } from '@ir/native';

interface Options {
  readonly cause?: unknown;
}

/** Asked for wrongly: unknown names and flags, values out of range, data that does not fit its schema. */
export class UsageError extends IrError {
  override readonly name: string = 'UsageError';
  constructor(
    code: 'IR_E_USAGE' | 'IR_E_SCHEMA' | 'IR_E_UNKNOWN_NAME' | 'IR_E_DISPOSED' | 'IR_E_DEGRADATION',
    message: string,
    options?: Options,
  ) {
    super(code, message, options);
  }
}

/** A file or picture that cannot be used: missing, truncated, too large, of another size, not finite. */
export class InputError extends IrError {
  override readonly name: string = 'InputError';
  constructor(
    code: 'IR_E_NOT_FOUND' | 'IR_E_DECODE' | 'IR_E_FORMAT' | 'IR_E_LIMIT' | 'IR_E_SIZE' | 'IR_E_NOT_FINITE',
    message: string,
    options?: Options,
  ) {
    super(code, message, options);
  }
}

/** A network that was refused: manifest and graph disagree, hash differs, output out of contract. */
export class ModelError extends IrError {
  override readonly name: string = 'ModelError';
  constructor(message: string, options?: Options) {
    super('IR_E_MODEL', message, options);
  }
}

/** The machine or the installation stands in the way: a full disk, a provider that is not there, a worker that died. */
export class EnvironmentError extends IrError {
  override readonly name: string = 'EnvironmentError';
  constructor(
    code: 'IR_E_WRITE' | 'IR_E_PROVIDER' | 'IR_E_WORKER' | 'IR_E_ENVIRONMENT',
    message: string,
    options?: Options,
  ) {
    super(code, message, options);
  }
}

/** Some of the work is done and kept, some is not. */
export class PartialError extends IrError {
  override readonly name: string = 'PartialError';
  constructor(message: string, options?: Options) {
    super('IR_E_PARTIAL', message, options);
  }
}

/** A verification that came out negative. */
export class CheckError extends IrError {
  override readonly name: string = 'CheckError';
  constructor(message: string, options?: Options) {
    super('IR_E_CHECK', message, options);
  }
}
