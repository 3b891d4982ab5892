import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { explain, fileProblem, InputError } from '../errors.js';

/** What a picture may cost before memory is taken for it. */
export interface Limits {
  /** Width x height; default 100 million (1.2 GB inside, at 12 bytes a pixel). */
  readonly maxPixels?: number;
  /** Length of the file; default 512 MiB. */
  readonly maxBytes?: number;
}

export const DEFAULT_LIMITS: Required<Limits> = { maxPixels: 100_000_000, maxBytes: 512 * 1024 * 1024 };

/** A file's path, or its bytes. */
export type Source = string | Uint8Array;

export const sourceName = (source: Source): string => (typeof source === 'string' ? basename(source) : 'image');

function checkBytes(name: string, bytes: number, { maxBytes = DEFAULT_LIMITS.maxBytes }: Limits): void {
  if (bytes === 0) {
    throw new InputError(
      'IR_E_DECODE',
      explain({ name, expected: 'a picture', got: 'an empty file', fix: 'Write or copy it again' }),
    );
  }
  if (bytes <= maxBytes) return;
  throw new InputError(
    'IR_E_LIMIT',
    explain({
      name,
      expected: `at most ${maxBytes} bytes`,
      got: `${bytes} bytes`,
      fix: 'Raise maxBytes if the file is trusted',
    }),
  );
}

/**
 * The bytes of a source, its length checked before any is read.
 * @throws InputError `IR_E_NOT_FOUND`, `IR_E_DECODE` (empty), `IR_E_LIMIT`
 */
export async function readSource(source: Source, limits: Limits = {}): Promise<Uint8Array> {
  if (typeof source !== 'string') {
    checkBytes('image', source.byteLength, limits);
    return source;
  }
  try {
    // Asked by name first: opening a pipe would wait for its writer.
    const found = await stat(source);
    if (!found.isFile()) throw notFound(source, found.isDirectory() ? 'a folder' : 'something that is not a file');
    checkBytes(sourceName(source), found.size, limits);
    return await readFile(source);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw notFound(source, fileProblem(error), error);
  }
}

function notFound(path: string, got: string, cause?: unknown): InputError {
  const message = explain({
    name: path,
    expected: 'a readable picture file',
    got,
    fix: 'Check the path and its permissions',
  });
  return new InputError('IR_E_NOT_FOUND', message, { cause });
}
