import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { explain, ModelError, UsageError, unknownName } from '../errors.js';
import { readOnnx } from '../network/index.js';
import { type GraphManifest, type Manifest, parseManifest, type RestorerManifest } from './manifest.js';

/** A model on this machine. */
export interface InstalledModel<M extends Manifest = Manifest> {
  readonly manifest: M;
  readonly folder: string;
  readonly origin: 'bundled' | 'user';
}

/** A folder that looks like a model and is none. */
export interface BrokenModel {
  readonly folder: string;
  readonly problem: string;
}

export interface ModelList {
  readonly models: readonly InstalledModel[];
  readonly broken: readonly BrokenModel[];
}

/** The models that come with `ir`. */
export function bundledModelsDir(): string {
  return dirname(createRequire(import.meta.url).resolve('@ir/models/package.json'));
}

/** The user's models: `IR_MODELS_DIR`, else `$XDG_DATA_HOME/ir/models`, else `~/.local/share/ir/models`. */
export function userModelsDir(): string {
  const { IR_MODELS_DIR, XDG_DATA_HOME } = process.env;
  return IR_MODELS_DIR || join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'ir', 'models');
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError('IR_E_SCHEMA', explain({ name, expected: 'JSON', got: (cause as Error).message }), { cause });
  }
}

async function readModel(folder: string, origin: InstalledModel['origin']): Promise<InstalledModel | BrokenModel> {
  const path = join(folder, 'manifest.json');
  try {
    return { manifest: parseManifest(json(path, await readFile(path, 'utf8')), path), folder, origin };
  } catch (error) {
    return { folder, problem: (error as Error).message };
  }
}

async function modelsIn(root: string, origin: InstalledModel['origin']): Promise<(InstalledModel | BrokenModel)[]> {
  if (!existsSync(root)) return [];
  const folders = (await readdir(root, { withFileTypes: true })).filter((e) => e.isDirectory() || e.isSymbolicLink());
  const names = folders.map((e) => e.name).sort();
  // Dotted ones are on their way in or out.
  const whole = names.filter((n) => !n.startsWith('.') && existsSync(join(root, n, 'manifest.json')));
  return Promise.all(whole.map((n) => readModel(join(root, n), origin)));
}

const REMOVED = '.removed';

/** The name that a model's folder takes before it goes: no model has it. */
export const asideOf = (folder: string): string => join(dirname(folder), `.${basename(folder)}${REMOVED}`);

/** Takes away what killed removals left behind. */
export async function clearRemoved(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const left = names.filter((name) => name.startsWith('.') && name.endsWith(REMOVED));
  await Promise.all(left.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

/** Every model installed: bundled ones first, each by name. A user's model may not take a bundled one's id. */
export async function listModels(): Promise<ModelList> {
  const all = [...(await modelsIn(bundledModelsDir(), 'bundled')), ...(await modelsIn(userModelsDir(), 'user'))];
  const models: InstalledModel[] = [];
  const broken: BrokenModel[] = [];
  for (const model of all) {
    if ('problem' in model) broken.push(model);
    else if (models.some((m) => m.manifest.id === model.manifest.id))
      broken.push({ folder: model.folder, problem: `the id ${model.manifest.id} is taken by another model` });
    else models.push(model);
  }
  return { models, broken };
}

/** Folders are named after the model in them. */
export const brokenNamed = (broken: readonly BrokenModel[], id: string): BrokenModel | undefined =>
  broken.find(({ folder }) => basename(folder) === id);

/** A model that is there but of no use is told apart from one that is not. @throws ModelError saying what is wrong with it */
export function refuseBroken(broken: readonly BrokenModel[], id: string): void {
  const found = brokenNamed(broken, id);
  if (!found) return;
  throw new ModelError(
    `${id} is installed but cannot be used: ${found.problem} Mend its manifest, or remove it (\`ir models remove ${basename(found.folder)}\`) and install it again.`,
  );
}

/** @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion; ModelError for one that is broken */
export async function findModel(id: string): Promise<InstalledModel> {
  const { models, broken } = await listModels();
  const found = models.find((m) => m.manifest.id === id);
  if (found) return found;
  refuseBroken(broken, id);
  throw new UsageError(
    'IR_E_UNKNOWN_NAME',
    unknownName(
      'model',
      id,
      models.map((m) => m.manifest.id),
    ),
  );
}

/** The model as one that restores. @throws UsageError `IR_E_USAGE` for a model of another kind */
export function restorerModel(model: InstalledModel): InstalledModel<RestorerManifest> {
  const { manifest } = model;
  if (manifest.kind === 'restorer') return { ...model, manifest };
  const told = { name: manifest.id, expected: 'a model that restores', got: `one of kind ${manifest.kind}` };
  throw new UsageError('IR_E_USAGE', explain(told));
}

/** SHA-256 of a file, streamed. @throws the signal's reason (a stream that is given the signal throws an error of its own) */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) {
    signal?.throwIfAborted();
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}

const REINSTALL = 'Install the model again';

/** The real path of a file that the manifest names; links may not lead out of the folder. */
async function containedFile(folder: string, file: string): Promise<string> {
  const root = await realpath(folder);
  const name = join(folder, file);
  const path = await realpath(name).catch(() => {
    throw new ModelError(explain({ name, expected: 'a file that the manifest names', got: 'nothing', fix: REINSTALL }));
  });
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new ModelError(explain({ name, expected: `a file inside ${root}`, got: path }));
  return path;
}

/** What onnxruntime would read besides the graph must be what the manifest answers for. */
async function checkExternal(path: string, listed: readonly { readonly file: string }[]): Promise<void> {
  const { externalFiles } = readOnnx(await readFile(path), path);
  const unlisted = externalFiles.filter((file) => !listed.some((one) => one.file === file));
  if (unlisted.length === 0) return;
  const expected = 'only external files that the manifest lists under graph.external';
  throw new ModelError(explain({ name: path, expected, got: unlisted.join(', ') }));
}

/**
 * The graph's path, once its length and hash (and those of its external files) agree with the manifest.
 * @throws ModelError where they do not, where a file is missing, unlisted or outside the model's folder
 */
export async function verifiedGraph(
  { manifest, folder }: InstalledModel<GraphManifest>,
  signal?: AbortSignal,
): Promise<string> {
  return verifiedGraphFile(folder, manifest.graph, signal);
}

/** `verifiedGraph` for one of several graphs in a model's folder. @throws ModelError */
export async function verifiedGraphFile(
  folder: string,
  graph: GraphManifest['graph'],
  signal?: AbortSignal,
): Promise<string> {
  const path = await verifiedFile(folder, graph, signal);
  await checkExternal(path, graph.external ?? []);
  return path;
}

/** The path of a file that a manifest names, once its length and hash agree. @throws ModelError */
export async function verifiedFile(
  folder: string,
  { file, sha256, bytes, external = [] }: GraphManifest['graph'],
  signal?: AbortSignal,
): Promise<string> {
  const path = await containedFile(folder, file);
  const { size } = await stat(path);
  if (size !== bytes)
    throw new ModelError(explain({ name: path, expected: `${bytes} bytes`, got: `${size}`, fix: REINSTALL }));
  for (const one of [{ file, sha256 }, ...external]) {
    const got = await hashFile(await containedFile(folder, one.file), signal);
    if (got === one.sha256) continue;
    const told = { name: join(folder, one.file), expected: `SHA-256 ${one.sha256}`, got, fix: REINSTALL };
    throw new ModelError(explain(told));
  }
  return path;
}
