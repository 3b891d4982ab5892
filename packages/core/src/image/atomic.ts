import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writing } from '../errors.js';

/**
 * Writes a file so that it is there whole or not at all: to a temporary name in the same folder, flushed to the disk, then renamed.
 * A failure leaves what stood there before and no temporary file. @throws EnvironmentError `IR_E_WRITE`
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writing(path, async () => {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    });
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}
