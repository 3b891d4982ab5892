import { IrError } from '@ir/native';
import { EnvironmentError } from './classes.js';
import { isAbort } from './codes.js';
import { explain, fileProblem } from './wording.js';

export interface WritingOptions {
  /** What stands at the path; default `place`. */
  readonly what?: 'place' | 'folder';
  /** What else may help, after the usual advice: `set IR_MODELS_DIR`. */
  readonly or?: string;
}

/** What is told where a file or folder cannot be written. */
export function writeError(
  path: string,
  cause: unknown,
  { what = 'place', or }: WritingOptions = {},
): EnvironmentError {
  const fix = `Check the folder, its permissions and the space left${or === undefined ? '' : `, or ${or}`}`;
  const told = { name: path, expected: `a ${what} that can be written`, got: fileProblem(cause), fix };
  return new EnvironmentError('IR_E_WRITE', explain(told), { cause });
}

/** Of Node's own: the file system's, and those of paths that cannot be. */
const isNodes = (cause: unknown): boolean =>
  typeof (cause as NodeJS.ErrnoException | undefined)?.code === 'string' &&
  !(cause instanceof IrError) &&
  !isAbort(cause);

/** Runs what writes: Node's errors become `writeError`, others stay what they are. */
export async function writing<T>(path: string, work: () => Promise<T>, options?: WritingOptions): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw isNodes(cause) ? writeError(path, cause, options) : cause;
  }
}
