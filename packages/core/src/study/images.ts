import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExecOptions } from '@ir/native';
import { explain, fileProblem, InputError, IrError, UsageError } from '../errors.js';
import type { Image } from '../image/contract.js';
import { isOpaque } from '../image/create.js';
import { decode } from '../image/decode.js';
import { imageHash } from '../image/hash.js';
import { reduceToLongSide } from '../image/resample.js';
import { toDepth } from '../image/samples.js';
import type { NamedImage, Skipped, StudyImage, StudyOptions } from './contract.js';

const PICTURE = /\.(png|jpe?g|webp|tiff?)$/i;

/** A picture of a study and the file it comes from. */
export interface StudySource extends StudyImage {
  readonly path: string;
}

interface Listed {
  readonly files: readonly NamedImage[];
  readonly skipped: readonly Skipped[];
}

async function listFolder(folder: string): Promise<Listed> {
  const files: NamedImage[] = [];
  const skipped: Skipped[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if (name.startsWith('.') || !(await stat(path)).isFile()) continue;
    if (PICTURE.test(name)) files.push({ name, path });
    else skipped.push({ name, reason: 'no picture by its extension' });
  }
  return { files, skipped };
}

/** The files of a study, with the names they go by. @throws InputError `IR_E_NOT_FOUND`; UsageError `IR_E_USAGE` for a name given twice */
export async function listImages(images: StudyOptions['images']): Promise<Listed> {
  const folder = typeof images === 'string' ? images : undefined;
  const { files, skipped } =
    folder === undefined
      ? { files: (images as readonly (string | NamedImage)[]).map(nameOf), skipped: [] }
      : await listFolder(folder).catch((cause: NodeJS.ErrnoException) => {
          throw notFound(folder, fileProblem(cause), cause);
        });
  if (files.length === 0) throw notFound(folder ?? 'images', 'none', undefined);
  const names = files.map((file) => file.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return { files, skipped };
  const told = {
    name: 'images',
    expected: 'names that differ',
    got: `${twice} twice`,
    fix: 'Give each file with a name',
  };
  throw new UsageError('IR_E_USAGE', explain(told));
}

const nameOf = (image: string | NamedImage): NamedImage =>
  typeof image === 'string' ? { name: basename(image), path: image } : image;

function notFound(name: string, got: string, cause: unknown): InputError {
  const expected = 'pictures (a folder of PNG, JPEG, WebP or TIFF files, or such files)';
  return new InputError(
    'IR_E_NOT_FOUND',
    explain({ name, expected, got, fix: 'Check the path' }),
    cause ? { cause } : {},
  );
}

/**
 * A picture as a study uses it: decoded, brought down to the long side by MATLAB bicubic where it is longer, 8-bit, opaque.
 * @throws as `decode`; InputError `IR_E_FORMAT` for one with transparency, which no metric is defined for
 */
export async function openStudyImage(path: string, longSide: number | null, exec: ExecOptions): Promise<Image> {
  const picture = await decode(path, exec.signal ? { signal: exec.signal } : {});
  if (!isOpaque(picture)) {
    const fix = 'Flatten it onto a background first';
    throw new InputError(
      'IR_E_FORMAT',
      explain({ name: path, expected: 'an opaque picture', got: 'transparency', fix }),
    );
  }
  if (longSide === null) return toDepth(picture, 8);
  // Above 8 bit the sums are rounded once, to 8 bit.
  const free = picture.depth === 8 ? picture : { ...picture, depth: 32 as const };
  return toDepth((await reduceToLongSide(free, longSide, exec)).image, 8);
}

/** Every picture of a study, opened once for its hash; a picture shown twice counts once. @throws InputError naming every file that cannot be used */
export async function surveyImages(
  files: readonly NamedImage[],
  longSide: number | null,
  exec: ExecOptions,
  onOpened: (completed: number) => void,
): Promise<{ images: readonly StudySource[]; skipped: readonly Skipped[] }> {
  const images: StudySource[] = [];
  const skipped: Skipped[] = [];
  const failures: unknown[] = [];
  for (const [i, { name, path }] of files.entries()) {
    exec.signal?.throwIfAborted();
    try {
      const image = await openStudyImage(path, longSide, exec);
      const hash = await imageHash(image);
      const twin = images.find((one) => one.hash === hash);
      if (twin) skipped.push({ name, reason: `shows the same as ${twin.name}` });
      else images.push({ name, path, hash, width: image.width, height: image.height });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failures.push(error);
    }
    onOpened(i + 1);
  }
  if (failures.length > 0) throw unusable(failures as InputError[]);
  return { images, skipped };
}

/** A study over fewer pictures than asked for would be another study: none is left out silently. */
function unusable(errors: readonly InputError[]): IrError {
  const [first] = errors;
  if (errors.length === 1) return first!;
  const lines = errors.slice(0, 10).map((error) => `  ${error.message}`);
  const more = errors.length > 10 ? `\n  ... and ${errors.length - 10} more.` : '';
  return new IrError(first!.code, `images: ${errors.length} files cannot be used:\n${lines.join('\n')}${more}`, {
    cause: first,
  });
}
