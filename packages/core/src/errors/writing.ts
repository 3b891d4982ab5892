import { EnvironmentError } from './classes.js';
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

/** Runs what writes: errors of the file system become `writeError`, others stay what they are. */
export async function writing<T>(path: string, work: () => Promise<T>, options?: WritingOptions): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException | undefined)?.syscall === undefined) throw cause;
    throw writeError(path, cause, options);
  }
}
