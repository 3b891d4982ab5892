/**
 * How an error ends a program: `check` a check that failed, `input` usage or unusable input, `environment` the machine or the
 * installation, `partial` some of the work was done, `interrupted` the caller asked to stop.
 */
export type ExitClass = 'check' | 'input' | 'environment' | 'partial' | 'interrupted';

/** Exit status of the command line by class. */
export const EXIT_CODES: Readonly<Record<ExitClass, number>> = {
  check: 1,
  input: 2,
  environment: 3,
  partial: 4,
  interrupted: 130,
};

/** Every code there is, with its class. Codes are stable: programs may match them; messages may change. */
export const ERROR_CLASSES = {
  // How something was asked for.
  IR_E_USAGE: 'input',
  IR_E_SCHEMA: 'input',
  IR_E_UNKNOWN_NAME: 'input',
  IR_E_DISPOSED: 'input',
  IR_E_DEGRADATION: 'input',
  // What was handed in.
  IR_E_NOT_FOUND: 'input',
  IR_E_DECODE: 'input',
  IR_E_FORMAT: 'input',
  IR_E_LIMIT: 'input',
  IR_E_SIZE: 'input',
  IR_E_NOT_FINITE: 'input',
  IR_E_MODEL: 'input',
  // Where it ran.
  IR_E_WRITE: 'environment',
  IR_E_PROVIDER: 'environment',
  IR_E_WORKER: 'environment',
  IR_E_TIMEOUT: 'environment',
  IR_E_ENVIRONMENT: 'environment',
  // How it ended.
  IR_E_PARTIAL: 'partial',
  IR_E_CHECK: 'check',
  // Raised by the native half.
  IR_E_ARGUMENT: 'input',
  IR_E_SHAPE: 'input',
  IR_E_ALIAS: 'input',
  IR_E_UNSUPPORTED: 'environment',
  IR_E_MEMORY: 'environment',
  IR_E_BACKEND: 'environment',
  IR_E_LOAD: 'environment',
  IR_E_INTERNAL: 'environment',
  IR_E_ABORTED: 'interrupted',
} as const satisfies Record<`IR_E_${string}`, ExitClass>;

export type ErrorCode = keyof typeof ERROR_CLASSES;

/** Was the call ended by its `AbortSignal` (or by the native half noticing it)? */
export function isAbort(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'AbortError' || code === 'ABORT_ERR' || code === 'IR_E_ABORTED';
}

/** The class of any thrown value. What is not one of ours is a defect or the machine's doing: `environment`. */
export function exitClassOf(error: unknown): ExitClass {
  if (isAbort(error)) return 'interrupted';
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code in ERROR_CLASSES ? ERROR_CLASSES[code as ErrorCode] : 'environment';
}

/** Exit status of the command line for any thrown value: 1, 2, 3, 4 or 130. */
export function exitCodeOf(error: unknown): number {
  return EXIT_CODES[exitClassOf(error)];
}
