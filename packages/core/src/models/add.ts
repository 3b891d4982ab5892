import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { explain, ModelError, UsageError } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { Network, readOnnx } from '../network/index.js';
import type { PortMetadata } from '../network/protocol.js';
import { type Manifest, type Port, parseManifest } from './manifest.js';
import { findMultiple, measureReach, pass, type Subject, testPicture } from './probe.js';
import { hashFile, type InstalledModel, listModels, userModelsDir } from './store.js';

/** What the user says of a graph; the rest is asked of the graph itself. */
export interface AddModelOptions {
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
  /** Default: measured. */
  readonly reach?: number;
  readonly maxPixels?: number;
  readonly licence?: string;
  readonly source?: string;
  readonly tasks?: string;
  readonly signal?: AbortSignal;
  /** Default: `userModelsDir()`. */
  readonly folder?: string;
}

const PROBE = 64;

/**
 * Installs a user's network: reads the file, asks the graph for its ports, runs it on test pictures to find scale, size multiple and reach, and
 * only then writes manifest and graph, whole or not at all.
 * @throws ModelError where the graph cannot serve as a restorer; UsageError for a bad option or an id that is taken
 */
export async function addModel(file: string, options: AddModelOptions = {}): Promise<InstalledModel> {
  const { signal } = options;
  const bytes = await readGraph(file);
  const contents = readOnnx(bytes);
  if (contents.externalFiles.length > 0) {
    const fix = 'Save the model with its weights inside, or write its manifest by hand (docs/models.md)';
    throw new ModelError(
      explain({
        name: file,
        expected: 'a graph in one file',
        got: `weights in ${contents.externalFiles.join(', ')}`,
        fix,
      }),
    );
  }
  const id =
    options.id ??
    basename(file)
      .replace(/\.onnx$/i, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-');
  await refuseTaken(id);
  const network = await Network.open(id, file, signal ? { signal } : {});
  try {
    const manifest = await describeGraph(network, file, bytes.length, contents, id, options);
    return await install(file, manifest, options.folder ?? userModelsDir());
  } finally {
    await network.dispose();
  }
}

async function readGraph(file: string): Promise<Uint8Array> {
  const info = await stat(file).catch((cause: Error) => {
    throw new ModelError(explain({ name: file, expected: 'an ONNX file', got: cause.message }), { cause });
  });
  if (!info.isFile() || info.size === 0)
    throw new ModelError(
      explain({ name: file, expected: 'an ONNX file', got: info.isFile() ? 'an empty file' : 'no file' }),
    );
  if (info.size >= 2 ** 31)
    throw new ModelError(
      explain({
        name: file,
        expected: 'less than 2 GiB in one file',
        got: `${info.size} bytes`,
        fix: 'Export with external data',
      }),
    );
  return readFile(file);
}

async function refuseTaken(id: string): Promise<void> {
  const { models } = await listModels();
  const taken = models.find((m) => m.manifest.id === id);
  if (!taken) return;
  const fix =
    taken.origin === 'user' ? `Choose another with --id, or remove ${taken.folder}` : 'Choose another with --id';
  throw new UsageError('IR_E_USAGE', explain({ name: 'id', expected: 'one that is free', got: id, fix }));
}

function soleTensor(
  ports: readonly PortMetadata[],
  kind: string,
  name: string,
): PortMetadata & { shape: readonly (number | string)[] } {
  const [port] = ports;
  if (ports.length !== 1 || !port?.isTensor || port.type !== 'float32' || port.shape?.length !== 4) {
    const got = ports.map((p) => `${p.name}: ${p.type} [${(p.shape ?? []).join(', ')}]`).join('; ') || 'none';
    throw new ModelError(explain({ name: `${name} ${kind}`, expected: 'one float32 tensor [N, C, H, W]', got }));
  }
  return port as PortMetadata & { shape: readonly (number | string)[] };
}

function channelsOf(shape: readonly (number | string)[], name: string): 1 | 3 {
  const c = shape[1];
  if (typeof c === 'string') return 3; // free: pictures have three
  if (c === 1 || c === 3) return c;
  throw new ModelError(explain({ name, expected: '1 or 3 channels', got: String(c) }));
}

async function describeGraph(
  network: Network,
  file: string,
  size: number,
  contents: { weights: number; allInitializers: number },
  id: string,
  options: AddModelOptions,
): Promise<Manifest> {
  const { range = [0, 1], colour = 'RGB', signal } = options;
  const [input, output] = [soleTensor(network.inputs, 'input', id), soleTensor(network.outputs, 'output', id)];
  const channels = channelsOf(input.shape, `${id} input`);
  const subject: Subject = { network, input: input.name, output: output.name, channels, range };
  const scale = await findScale(subject, options.multiple ?? PROBE, signal);
  const multiple = options.multiple ?? (await findMultiple(subject, scale, signal));
  const reach = options.reach ?? (await measureReach(subject, scale, multiple, signal));
  const port = (
    p: PortMetadata & { shape: readonly (number | string)[] },
    values: readonly [number, number],
    c: 1 | 3,
  ): Port => ({
    name: p.name,
    shape: p.shape.map((s, i) => (typeof s === 'number' && (i === 1 || s > 0) ? s : String(s))),
    dtype: 'float32',
    layout: 'NCHW',
    range: [values[0], values[1]],
    colour: c === 1 ? 'grey' : colour,
  });
  return parseManifest(
    {
      schema: 'ir.model/1',
      id,
      kind: 'restorer',
      title: options.title ?? id,
      graph: { file: `${id}.onnx`, sha256: await hashFile(file, signal), bytes: size },
      input: port(input, range, channels),
      output: port(output, options.outputRange ?? range, channelsOf(output.shape, `${id} output`)),
      scale,
      multiple,
      reach,
      maxPixels: options.maxPixels ?? 1_048_576,
      parameters: { weights: contents.weights, allInitializers: contents.allInitializers },
      licence: options.licence ?? 'unknown',
      source: options.source ?? basename(file),
      ...(options.tasks ? { tasks: options.tasks } : {}),
    },
    `the manifest of ${id}`,
  );
}

/** Output side / input side, from one run. */
async function findScale(subject: Subject, multiple: number, signal?: AbortSignal): Promise<number> {
  const side = Math.ceil(PROBE / multiple) * multiple;
  const { dims } = await pass(subject, testPicture(subject.channels, side, side, subject.range), side, side, signal);
  const [, channels, height = 0, width = 0] = dims;
  const scale = width / side;
  if (
    height !== width ||
    !(scale >= 1 && scale <= 16 && Number.isInteger(scale)) ||
    (channels !== 1 && channels !== 3)
  ) {
    const got = `[${dims.join(', ')}] for a picture of ${side}x${side}`;
    throw new ModelError(explain({ name: subject.network.name, expected: 'a picture, 1 to 16 times the input', got }));
  }
  return scale;
}

/** Graph first, then the manifest that makes it a model, in a folder that appears under its final name last. */
async function install(file: string, manifest: Manifest, root: string): Promise<InstalledModel> {
  const folder = join(root, manifest.id);
  const temporary = join(root, `.${manifest.id}.${process.pid}.partial`);
  await mkdir(temporary, { recursive: true });
  try {
    await copyFile(file, join(temporary, manifest.graph.file));
    await writeAtomically(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await mkdir(dirname(folder), { recursive: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return { manifest, folder, origin: 'user' };
}
