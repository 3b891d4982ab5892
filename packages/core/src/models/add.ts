import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EnvironmentError, explain, ModelError, UsageError } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { Network, type OnnxContents, readOnnx } from '../network/index.js';
import type { PortMetadata } from '../network/protocol.js';
import { describeMetricGraph, kindOfGraph } from './add-metric.js';
import { type GraphManifest, type Port, parseManifest, parseModelId } from './manifest.js';
import { describePictures, findMultiple, measureReach, type Pictures } from './probe.js';
import { hashFile, type InstalledModel, listModels, userModelsDir } from './store.js';

/** What the user says of a graph; the rest is asked of the graph itself. */
export interface AddModelOptions {
  /** What the model is for; default: by its ports (`kindOfGraph`). */
  readonly kind?: GraphManifest['kind'];
  /** Default: the file's name without extension. */
  readonly id?: string;
  readonly title?: string;
  /** Values of black and white at the input; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** The same at the output; default as at the input. */
  readonly outputRange?: readonly [number, number];
  readonly colour?: 'RGB' | 'BGR';
  /** Default: found by trying. */
  readonly multiple?: number;
  /** How far an input pixel can change the output, known exactly. Default: measured, and tiles fade into each other. */
  readonly reach?: number;
  readonly maxPixels?: number;
  readonly licence?: string;
  readonly source?: string;
  readonly tasks?: string;
  /** Which way quality goes, for a model of that kind; default higher. */
  readonly direction?: 'higher' | 'lower';
  readonly signal?: AbortSignal;
  /** Default: `userModelsDir()`. */
  readonly folder?: string;
}

/** A graph as a protocol buffer cannot be larger. */
const LARGEST = 2 ** 31 - 1;

/**
 * Installs a user's network: copies the file, asks the graph for its ports and by them for its kind, runs it on test pictures to find scale, size
 * multiple and reach, and only then gives the folder its name: a model is there whole or not at all.
 * @throws ModelError where the graph cannot serve as its kind; UsageError for a bad option or an id that is taken; EnvironmentError
 * `IR_E_WRITE` where the folder cannot be written
 */
export async function addModel(file: string, options: AddModelOptions = {}): Promise<InstalledModel<GraphManifest>> {
  const { signal, folder: root = userModelsDir() } = options;
  const id = parseModelId(options.id ?? idFrom(file));
  await refuseTaken(id, root);
  await checkFile(file);
  const staged = join(root, `.${id}.${process.pid}.${randomBytes(4).toString('hex')}.partial`);
  try {
    // Everything is asked of the copy: the file may change under our hands.
    const graph = join(staged, `${id}.onnx`);
    await writing(staged, async () => {
      await mkdir(staged, { recursive: true });
      await copyFile(file, graph);
    });
    const manifest = await describe(graph, file, id, options);
    await writeAtomically(join(staged, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    signal?.throwIfAborted();
    const folder = join(root, id);
    await writing(folder, () => rename(staged, folder));
    return { manifest, folder, origin: 'user' };
  } catch (error) {
    await rm(staged, { recursive: true, force: true }).catch(() => {}); // what went wrong first is what is told
    throw error;
  }
}

const idFrom = (file: string): string =>
  basename(file)
    .replace(/\.onnx$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');

async function writing(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const fix = 'Check the folder, its permissions and the space left, or set IR_MODELS_DIR';
    const told = { name: path, expected: 'a place that can be written', got: (cause as Error).message, fix };
    throw new EnvironmentError('IR_E_WRITE', explain(told), { cause });
  }
}

async function checkFile(name: string): Promise<void> {
  const refuse = (expected: string, got: string, fix?: string) => new ModelError(explain({ name, expected, got, fix }));
  const info = await stat(name).catch((cause: Error) => {
    throw refuse('an ONNX file', cause.message);
  });
  if (!info.isFile()) throw refuse('an ONNX file', info.isDirectory() ? 'a folder' : 'no regular file');
  if (info.size === 0) throw refuse('an ONNX file', 'an empty file');
  if (info.size > LARGEST) throw refuse('less than 2 GiB in one file', `${info.size} bytes`);
}

async function refuseTaken(id: string, root: string): Promise<void> {
  const { models } = await listModels();
  const folder = models.find((m) => m.manifest.id === id && m.origin === 'bundled')?.folder ?? join(root, id);
  if (!existsSync(folder)) return;
  const fix = folder === join(root, id) ? `Choose another one, or remove ${folder}` : 'Choose another one';
  throw new UsageError('IR_E_USAGE', explain({ name: 'id', expected: 'one that is free', got: id, fix }));
}

async function describe(graph: string, file: string, id: string, options: AddModelOptions): Promise<GraphManifest> {
  const { signal } = options;
  const bytes = await readFile(graph);
  const contents = readOnnx(bytes, file);
  if (contents.externalFiles.length > 0) {
    const got = `weights in ${contents.externalFiles.join(', ')}`;
    const fix = 'Save the model with its weights inside, or write its manifest by hand (docs/models.md)';
    throw new ModelError(explain({ name: file, expected: 'a graph in one file', got, fix }));
  }
  const network = await Network.open(id, graph, signal ? { signal } : {});
  try {
    const kind = options.kind ?? kindOfGraph(network);
    const asked =
      kind === 'restorer'
        ? await describeRestorer(network, options)
        : await describeMetricGraph(network, kind, forMetric(id, options));
    const hash = await hashFile(graph, signal);
    return manifestOf(id, file, { sha256: hash, bytes: bytes.length, contents }, { kind, ...asked }, options);
  } finally {
    await network.dispose();
  }
}

interface Measured {
  readonly pictures: Pictures;
  readonly multiple: number;
  readonly reach: number;
}

async function measure(network: Network, { range = [0, 1], signal, ...given }: AddModelOptions): Promise<Measured> {
  const pictures = await describePictures(network, range, given.multiple, signal);
  const multiple = given.multiple ?? (await findMultiple(pictures, signal));
  const reach = given.reach ?? (await measureReach(pictures, multiple, signal));
  return { pictures, multiple, reach };
}

const SIDES = ['batch', 'channels', 'height', 'width'] as const;

function portOf(
  { name, shape = [] }: PortMetadata,
  channels: number,
  range: readonly [number, number],
  colour: Port['colour'],
) {
  // Free sides without a name get the usual one; the channels are those that the graph was seen to take or give.
  const side = (i: number) => (i === 1 ? channels : shape[i] || SIDES[i]);
  const sides = SIDES.map((_, i) => side(i));
  return { name, shape: sides, dtype: 'float32', layout: 'NCHW', range, colour: channels === 1 ? 'grey' : colour };
}

/** The part of a restorer's manifest that is asked of its graph. */
async function describeRestorer(network: Network, options: AddModelOptions): Promise<object> {
  const { range = [0, 1], colour = 'RGB', outputRange = range } = options;
  const { pictures, multiple, reach } = await measure(network, options);
  return {
    input: portOf(pictures.input, pictures.channels, range, colour),
    output: portOf(pictures.output, pictures.outputChannels, outputRange, colour),
    scale: pictures.scale,
    multiple,
    reach,
    ...(options.reach === undefined ? { blend: true } : {}),
    maxPixels: options.maxPixels ?? 1_048_576,
  };
}

/** LPIPS is defined on [-1, 1]; where the user says nothing, a model of that name takes it. */
const forMetric = (id: string, options: AddModelOptions): AddModelOptions =>
  /^lpips\b|^lpips[-_.]/.test(id) && !options.range ? { ...options, range: [-1, 1] } : options;

function manifestOf(
  id: string,
  file: string,
  { contents, ...graph }: { sha256: string; bytes: number; contents: OnnxContents },
  asked: object,
  options: AddModelOptions,
): GraphManifest {
  const { weights, allInitializers } = contents;
  const manifest = {
    schema: 'ir.model/1',
    id,
    title: options.title ?? id,
    graph: { file: `${id}.onnx`, ...graph },
    ...asked,
    parameters: { weights, allInitializers },
    licence: options.licence ?? 'unknown',
    source: options.source ?? basename(file),
    ...(options.tasks ? { tasks: options.tasks } : {}),
  };
  return parseManifest(manifest, `the manifest of ${id}`) as GraphManifest; // by its kind
}
