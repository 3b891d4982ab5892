import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { explain, fileProblem, ModelError, UsageError, writing } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { readOnnx } from '../network/index.js';
import { type GraphManifest, type Manifest, parseModelId } from './manifest.js';
import { clearRemoved, hashFile, type InstalledModel, listModels, userModelsDir } from './store.js';

/** Where a model goes, and what stops its coming. */
export interface StagingOptions {
  readonly signal?: AbortSignal;
  /** Default: `userModelsDir()`. */
  readonly folder?: string;
}

/** A graph as a protocol buffer cannot be larger. */
const LARGEST = 2 ** 31 - 1;

const ELSEWHERE = { or: 'set IR_MODELS_DIR' };

/**
 * Installs a model: `fill` puts its graphs into a folder beside the place and says its manifest, `accept` may run it; then the folder gets its
 * name. A model is there whole or not at all.
 * @throws UsageError for an id that is taken; EnvironmentError `IR_E_WRITE`; what `fill` and `accept` throw
 */
export async function installModel<M extends Manifest>(
  name: string,
  { signal, folder: root = userModelsDir() }: StagingOptions,
  fill: (staged: string, id: string) => Promise<M>,
  accept: (model: InstalledModel<M>) => Promise<void> = async () => {},
): Promise<InstalledModel<M>> {
  const id = parseModelId(name);
  await refuseTaken(id, root);
  await clearRemoved(root);
  const staged = join(root, `.${id}.${process.pid}.${randomBytes(4).toString('hex')}.partial`);
  try {
    const manifest = await fill(staged, id);
    await writeAtomically(join(staged, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await accept({ manifest, folder: staged, origin: 'user' });
    signal?.throwIfAborted();
    const folder = join(root, id);
    await writing(folder, () => rename(staged, folder), ELSEWHERE);
    return { manifest, folder, origin: 'user' };
  } catch (error) {
    await rm(staged, { recursive: true, force: true }).catch(() => {}); // what went wrong first is what is told
    throw error;
  }
}

/** An id made of a file's name. */
export const idFrom = (file: string): string =>
  basename(file)
    .replace(/\.onnx$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');

/** A graph in a model's folder, with what its manifest says of the file. */
export interface StagedGraph {
  readonly path: string;
  readonly graph: GraphManifest['graph'];
  readonly parameters: GraphManifest['parameters'];
}

/**
 * Copies a user's graph into the folder of a model; everything is then asked of the copy, since the file may change under our hands.
 * @throws ModelError for what is no ONNX file, or one with weights beside it; EnvironmentError `IR_E_WRITE`
 */
export async function stageGraph(
  file: string,
  staged: string,
  as: string,
  signal: AbortSignal | undefined,
): Promise<StagedGraph> {
  await checkFile(file);
  const path = join(staged, as);
  const copy = async () => {
    await mkdir(staged, { recursive: true });
    await copyFile(file, path);
  };
  await writing(staged, copy, ELSEWHERE);
  const bytes = await readFile(path);
  const { externalFiles, weights, allInitializers } = readOnnx(bytes, file);
  if (externalFiles.length > 0) {
    const got = `weights in ${externalFiles.join(', ')}`;
    const fix = 'Save the model with its weights inside, or write its manifest by hand (docs/models.md)';
    throw new ModelError(explain({ name: file, expected: 'a graph in one file', got, fix }));
  }
  const sha256 = await hashFile(path, signal);
  return { path, graph: { file: as, sha256, bytes: bytes.length }, parameters: { weights, allInitializers } };
}

async function checkFile(name: string): Promise<void> {
  const refuse = (expected: string, got: string, fix?: string) => new ModelError(explain({ name, expected, got, fix }));
  const info = await stat(name).catch((cause: Error) => {
    throw refuse('an ONNX file', fileProblem(cause));
  });
  if (!info.isFile()) throw refuse('an ONNX file', info.isDirectory() ? 'a folder' : 'no regular file');
  if (info.size === 0) throw refuse('an ONNX file', 'an empty file');
  if (info.size > LARGEST) throw refuse('less than 2 GiB in one file', `${info.size} bytes`);
  await access(name, constants.R_OK).catch((cause: Error) => {
    throw refuse('a file that can be read', fileProblem(cause));
  });
}

async function refuseTaken(id: string, root: string): Promise<void> {
  const { models } = await listModels();
  const folder = models.find((m) => m.manifest.id === id && m.origin === 'bundled')?.folder ?? join(root, id);
  if (!existsSync(folder)) return;
  const own = existsSync(join(folder, 'manifest.json')) ? `remove it (\`ir models remove ${id}\`)` : `remove ${folder}`;
  const fix = folder === join(root, id) ? `Choose another one, or ${own}` : 'Choose another one';
  throw new UsageError('IR_E_USAGE', explain({ name: 'id', expected: 'one that is free', got: id, fix }));
}
