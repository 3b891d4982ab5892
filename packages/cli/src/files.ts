import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EnvironmentError, explain, fileProblem, formatOf, InputError, UsageError } from '@ir/core';

const LONGEST_TEXT = 1 << 20;

/** A small text file. @throws InputError `IR_E_NOT_FOUND`, `IR_E_LIMIT` above 1 MiB */
export async function readText(path: string): Promise<string> {
  const missing = (got: string, cause?: unknown) =>
    new InputError('IR_E_NOT_FOUND', explain({ name: path, expected: 'a readable file', got, fix: 'Check the path' }), {
      cause,
    });
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw missing(fileProblem(cause), cause);
  });
  if (!found.isFile()) throw missing(found.isDirectory() ? 'a folder' : 'something that is not a file');
  if (found.size > LONGEST_TEXT)
    throw new InputError(
      'IR_E_LIMIT',
      explain({ name: path, expected: `at most ${LONGEST_TEXT} bytes of text`, got: `${found.size} bytes` }),
    );
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw missing(fileProblem(cause), cause);
  });
}

/**
 * Refuses, before any work is done, an output that could not be written or would take an input's place: an unknown format, a folder that
 * is not there (none is made: it may be a slip of the pen), a folder of that name, the input itself by whatever name or link.
 * @throws UsageError `IR_E_USAGE`; InputError `IR_E_NOT_FOUND`
 */
export async function checkPictureOutput(out: string, inputs: readonly string[]): Promise<void> {
  formatOf(out);
  await checkOutput(out, inputs);
}

/** The same for a file of any kind. */
export async function checkOutput(out: string, inputs: readonly string[] = []): Promise<void> {
  await checkParent(out);
  const there = await stat(out, { bigint: true }).catch(() => undefined);
  if (!there) return;
  if (there.isDirectory())
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: out, expected: 'the name of a file', got: 'a folder', fix: 'Add a file name' }),
    );
  for (const input of inputs) {
    const source = await stat(input, { bigint: true }).catch(() => undefined);
    if (source?.ino === there.ino && source.dev === there.dev)
      throw new UsageError(
        'IR_E_USAGE',
        explain({
          name: out,
          expected: 'another file than the input',
          got: `${input} itself`,
          fix: 'Choose another name for the output',
        }),
      );
  }
}

async function checkParent(out: string): Promise<void> {
  const folder = dirname(out);
  const problem = await stat(folder).then(
    (found) => (found.isDirectory() ? undefined : 'ENOTDIR'),
    ({ code, message }: NodeJS.ErrnoException) => code ?? message,
  );
  if (problem === undefined) return;
  const got = { ENOENT: 'none', ENOTDIR: 'a file on the way' }[problem];
  const told = { name: folder, expected: `a folder for ${basename(out)}`, got: got ?? problem, fix: 'Make it first' };
  if (got === undefined) throw new EnvironmentError('IR_E_WRITE', explain(told));
  throw new InputError('IR_E_NOT_FOUND', explain(told));
}
