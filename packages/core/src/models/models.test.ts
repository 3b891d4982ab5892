import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readOnnx } from '../network/index.js';
import { identityGraph, notANumberGraph, restorerGraph, singleOp } from '../testing/graphs.js';
import { useModels } from '../testing/models-folder.js';
import { onnxBytes } from '../testing/onnx.js';
import { refusal } from '../testing/refusal.js';
import { type AddModelOptions, addModel } from './add.js';
import { parseManifest, type RestorerManifest } from './manifest.js';
import {
  bundledModelsDir,
  findModel,
  hashFile,
  type InstalledModel,
  listModels,
  restorerModel,
  verifiedGraph,
} from './store.js';
import { verifyModel } from './verify.js';

let folder: string;
let models: string;
let restoreModels: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-models-'));
  models = join(folder, 'models');
  restoreModels = useModels(models);
});
afterEach(async () => {
  restoreModels();
  await rm(folder, { recursive: true });
});

async function graphFile(bytes: Uint8Array, name = 'net.onnx'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const add = async (bytes: Uint8Array, options: AddModelOptions = {}) => addModel(await graphFile(bytes), options);

const installed = () => readdir(models).catch(() => []);
const weight = (data: Float32Array, dims: readonly number[], name = 'w') => ({ name, dims, data });

describe('adding a network', () => {
  test('asks the graph for ports, scale, multiple, reach and parameters, and installs graph and manifest', async () => {
    // Two 3x3 layers on a grid of 4 pixels: a reach of 2 x 4 pixels and up to 3 more within the grid.
    const model = await add(restorerGraph({ scale: 2, multiple: 4 }), { licence: 'CC0-1.0', title: 'Toy' });
    expect(model).toMatchObject({ folder: join(models, 'net'), origin: 'user' });
    expect(model.manifest).toMatchObject({
      id: 'net',
      kind: 'restorer',
      title: 'Toy',
      licence: 'CC0-1.0',
      source: 'net.onnx',
      scale: 2,
      multiple: 4,
      reach: 16,
      input: { name: 'input', shape: ['n', 3, 'h', 'w'], range: [0, 1], colour: 'RGB' },
      output: { name: 'output', shape: ['n', 3, 'H', 'W'], range: [0, 1], colour: 'RGB' },
      parameters: { weights: 9 * (48 * 48 + 48 * 192), allInitializers: 9 * (48 * 48 + 48 * 192) },
    });
    expect(await installed()).toEqual(['net']);
    expect(await readdir(model.folder)).toEqual(['manifest.json', 'net.onnx']);
    expect(await findModel('net')).toEqual(model);
    expect(await verifyModel(model)).toMatchObject({ id: 'net', provider: 'cpu', sha256: model.manifest.graph.sha256 });
  });

  test('measures how far a change is felt', async () => {
    const { manifest } = restorerModel(await add(restorerGraph({ depth: 40 })));
    expect(manifest.reach).toBeGreaterThanOrEqual(24);
    expect(manifest.reach).toBeLessThanOrEqual(48); // 40 layers and half a spot, rounded up to eights
    expect(restorerModel(await add(restorerGraph(), { id: 'near' })).manifest.reach).toBe(16);
  });

  test('takes the word of the user where the graph cannot know', async () => {
    const { manifest } = await add(identityGraph(), {
      id: 'other',
      range: [-1, 1],
      outputRange: [0, 255],
      colour: 'BGR',
      multiple: 8,
      reach: 5,
      maxPixels: 4096,
      source: 'https://example.org/net',
      tasks: 'none',
    });
    expect(manifest).toMatchObject({ id: 'other', multiple: 8, reach: 5, maxPixels: 4096, tasks: 'none' });
    expect(manifest).toMatchObject({ input: { range: [-1, 1], colour: 'BGR' }, output: { range: [0, 255] } });
  });

  test('grey networks, and ports whose sides have no names', async () => {
    const grey = await add(restorerGraph({ channels: 1 }), { id: 'grey' });
    expect(grey.manifest).toMatchObject({ input: { colour: 'grey' }, output: { colour: 'grey' } });
    const port = (name: string) => ({ name, shape: ['', '', '', ''] });
    const unnamed = await add(singleOp('Identity', { input: port('in'), output: port('out') }), { id: 'unnamed' });
    expect(unnamed.manifest).toMatchObject({ input: { shape: ['batch', 3, 'height', 'width'], colour: 'RGB' } });
    // Free in name only: one channel is what the weights take.
    const oneChannel = singleOp('Conv', {
      input: port('in'),
      output: port('out'),
      constants: [weight(new Float32Array(9).fill(1 / 9), [1, 1, 3, 3])],
      attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    });
    const found = await add(oneChannel, { id: 'one' });
    expect(found.manifest).toMatchObject({ input: { shape: ['batch', 1, 'height', 'width'], colour: 'grey' } });
    await verifyModel(found);
  });

  test('names its model after the file', async () => {
    const file = await graphFile(identityGraph(), '_Réal ESRGAN (x2).ONNX');
    expect((await addModel(file)).manifest.id).toBe('r-al-esrgan-x2-');
  });

  test('aborted it leaves nothing behind', async () => {
    const controller = new AbortController();
    const adding = add(restorerGraph({ multiple: 4 }), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(adding).rejects.toThrow('enough');
    expect(await installed()).toEqual([]);
  });
});

describe('hashing a file', () => {
  test('gives its SHA-256', async () => {
    const bytes = new Uint8Array(200_000).map((_, i) => i * i);
    expect(await hashFile(await graphFile(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('aborted it ends with the reason given', async () => {
    const controller = new AbortController();
    const hashing = hashFile(await graphFile(new Uint8Array(200_000)), controller.signal);
    controller.abort(new Error('enough'));
    await expect(hashing).rejects.toThrow('enough');
  });
});

const picture = (shape: readonly (number | string)[], name = 'input') => ({ name, shape });
const restorer = restorerGraph();
const manyGraphs = () => new Uint8Array(Buffer.concat([identityGraph(), identityGraph()]));
const nested = (depth: number) => {
  let graph = { inputs: [], outputs: [], nodes: [] };
  for (let i = 0; i < depth; i++) {
    const node = { op: 'If', inputs: [], outputs: [], attributes: { then_branch: graph } };
    graph = { inputs: [], outputs: [], nodes: [node] as never[] };
  }
  return onnxBytes(graph);
};

describe('refused, with nothing left behind', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /^IR_E_MODEL .*got an empty file/],
    ['text', new TextEncoder().encode('<!DOCTYPE html> not found'), /^IR_E_MODEL .*expected an ONNX file/],
    ['truncated', restorer.subarray(0, restorer.length - 40), /^IR_E_MODEL .*got a truncated or damaged one/],
    ['two graphs', manyGraphs(), /^IR_E_MODEL .*got 2 graphs/],
    ['nested without end', nested(60), /^IR_E_MODEL .*nested deeper/],
    ['an operator that nobody knows', singleOp('Frobnicate'), /^IR_E_MODEL net: expected a usable ONNX graph/],
    ['NaN output', notANumberGraph(), /^IR_E_MODEL net: expected finite numbers, got NaN/],
    [
      'four channels',
      singleOp('Identity', { input: picture(['n', 4, 'h', 'w']), output: picture(['n', 4, 'h', 'w'], 'output') }),
      /^IR_E_MODEL net input: expected 1 or 3 channels, got 4/,
    ],
    [
      'half precision ports',
      singleOp('Identity', {
        input: { name: 'input', shape: ['n', 3, 'h', 'w'], type: 'float16' },
        output: { name: 'output', shape: ['n', 3, 'h', 'w'], type: 'float16' },
      }),
      /^IR_E_MODEL net input: expected one float32 tensor.*got input: float16/,
    ],
    [
      'a fixed size',
      singleOp('Identity', { input: picture([1, 3, 224, 224]), output: picture([1, 3, 224, 224], 'output') }),
      /^IR_E_MODEL net input: expected free height and width, got a fixed \[1, 3, 224, 224\]\. Export/,
    ],
    [
      'a batch of four',
      singleOp('Identity', { input: picture([4, 3, 'h', 'w']), output: picture([4, 3, 'h', 'w'], 'output') }),
      /^IR_E_MODEL net input: expected a batch of 1 or free, got 4/,
    ],
    [
      'a classifier',
      singleOp('GlobalAveragePool', { output: picture(['n', 3, 1, 1], 'output') }),
      /^IR_E_MODEL net: expected a picture .* got \[1, 3, 1, 1\] for one of 64x64/,
    ],
    [
      'two inputs',
      onnxBytes({
        inputs: [picture(['n', 3, 'h', 'w'], 'a'), picture(['n', 3, 'h', 'w'], 'b')],
        outputs: [picture(['n', 3, 'h', 'w'], 'output')],
        nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['output'] }],
      }),
      /^IR_E_MODEL net.*: expected /,
    ],
    [
      'weights outside the file',
      singleOp('Mul', { constants: [{ name: 'w', dims: [1], data: Float32Array.of(1), external: '../secret.bin' }] }),
      /^IR_E_MODEL .*expected a graph in one file, got weights in \.\.\/secret\.bin/,
    ],
  ])('%s', async (_, bytes, told) => {
    expect(await refusal(add(bytes))).toMatch(told);
    expect(await installed()).toEqual([]);
  });

  test('missing, a folder, and larger than a graph can be (seen before it is read)', async () => {
    expect(await refusal(addModel(join(folder, 'nowhere.onnx')))).toMatch(/^IR_E_MODEL .*nothing there/);
    expect(await refusal(addModel(folder, { id: 'x' }))).toMatch(/^IR_E_MODEL .*got a folder/);
    const huge = await graphFile(identityGraph(), 'huge.onnx');
    await truncate(huge, 2 ** 31);
    expect(await refusal(addModel(huge))).toMatch(/^IR_E_MODEL .*less than 2 GiB in one file, got 2147483648 bytes/);
    expect(await installed()).toEqual([]);
  });

  test('ids that are taken, or lead out of the folder', async () => {
    await add(identityGraph());
    expect(await refusal(add(identityGraph()))).toMatch(/^IR_E_USAGE id: expected one that is free, got net\. Choose/);
    const [bundled] = (await listModels()).models.filter((m) => m.origin === 'bundled');
    if (bundled) expect(await refusal(add(identityGraph(), { id: bundled.manifest.id }))).toMatch(/^IR_E_USAGE id/);
    for (const id of ['../net', 'a/b', '', '.hidden', 'CAPS'])
      expect(await refusal(add(identityGraph(), { id }))).toMatch(/^IR_E_SCHEMA id: expected /);
    expect(await installed()).toEqual(['net']);
  });

  test('a range that is none', async () => {
    expect(await refusal(add(identityGraph(), { range: [1, 1] }))).toMatch(/^IR_E_SCHEMA .*black below that of white/);
  });

  test('a place that cannot be written is IR_E_WRITE', async () => {
    const file = await graphFile(identityGraph());
    expect(await refusal(addModel(file, { folder: join(file, 'below') }))).toMatch(/^IR_E_WRITE .*IR_MODELS_DIR/);
  });
});

/** A model as someone else may have packed it: the manifest changed after the fact. */
async function tampered(change: (manifest: Record<string, unknown>) => unknown, id = 'net'): Promise<string> {
  const path = join(models, id, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
  return path;
}

describe('a hostile or damaged model', () => {
  let kept: InstalledModel;
  let model: InstalledModel;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), 'ir-model-'));
    const file = join(root, 'net.onnx');
    await writeFile(file, restorerGraph());
    kept = await addModel(file, { folder: join(root, 'kept'), multiple: 1, reach: 16 });
  });
  afterAll(() => rm(join(kept.folder, '../..'), { recursive: true }));
  beforeEach(async () => {
    model = { ...kept, folder: join(models, 'net') };
    await cp(kept.folder, model.folder, { recursive: true });
  });

  const withGraph = (graph: object): InstalledModel<RestorerManifest> => {
    const { manifest } = restorerModel(model);
    return { ...model, manifest: { ...manifest, graph: { ...manifest.graph, ...graph } } };
  };

  test('a graph named outside the folder never reaches the disk: listed as broken, the others go on', async () => {
    await cp(kept.folder, join(models, 'good'), { recursive: true });
    await tampered((manifest) => Object.assign(manifest, { id: 'good' }), 'good');
    for (const file of ['../net.onnx', '/etc/passwd', 'a/../../b', 'C:\\x', '..\\x', '']) {
      await tampered((manifest) => Object.assign(manifest.graph as object, { file }));
      const { models: found, broken } = await listModels();
      expect(found.filter((m) => m.origin === 'user').map((m) => m.manifest.id)).toEqual(['good']);
      expect(broken).toMatchObject([
        { folder: model.folder, problem: expect.stringMatching(/graph\.file: expected /) },
      ]);
    }
  });

  test('a link that leads out of the folder is refused', async () => {
    await symlink(await graphFile(identityGraph(), 'outside.onnx'), join(model.folder, 'link.onnx'));
    expect(await refusal(verifiedGraph(withGraph({ file: 'link.onnx' })))).toMatch(
      /^IR_E_MODEL .*expected a file inside/,
    );
  });

  test('another length, another hash, a missing file', async () => {
    expect(await refusal(verifiedGraph(withGraph({ bytes: 7 })))).toMatch(/^IR_E_MODEL .*expected 7 bytes/);
    const sha256 = '0'.repeat(64);
    expect(await refusal(verifiedGraph(withGraph({ sha256 })))).toMatch(/^IR_E_MODEL .*expected SHA-256 0000/);
    const external = [{ file: 'weights.bin', sha256 }];
    expect(await refusal(verifiedGraph(withGraph({ external })))).toMatch(/^IR_E_MODEL .*weights\.bin: .*got nothing/);
    const path = join(model.folder, 'net.onnx');
    const bytes = await readFile(path);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(path, bytes);
    expect(await refusal(verifyModel(model))).toMatch(/^IR_E_MODEL .*expected SHA-256/);
    await rm(path);
    expect(await refusal(verifyModel(model))).toMatch(/^IR_E_MODEL .*got nothing/);
  });

  test('external weights: taken where the manifest answers for them, refused where it is silent', async () => {
    const data = Float32Array.of(0.5);
    const file = join(models, 'outer', 'outer.onnx');
    await mkdir(join(models, 'outer'));
    await writeFile(file, singleOp('Mul', { constants: [{ name: 'w', dims: [1], data, external: 'w.bin' }] }));
    await writeFile(join(models, 'outer', 'w.bin'), data);
    const hash = async (name: string) =>
      createHash('sha256')
        .update(await readFile(join(models, 'outer', name)))
        .digest('hex');
    const graph = { file: 'outer.onnx', sha256: await hash('outer.onnx'), bytes: (await readFile(file)).length };
    const silent = { ...model, folder: join(models, 'outer'), manifest: { ...model.manifest, graph } };
    expect(await refusal(verifyModel(silent))).toMatch(/^IR_E_MODEL .*expected only external files .* got w\.bin/);
    const external = [{ file: 'w.bin', sha256: await hash('w.bin') }];
    const stated = { ...silent, manifest: { ...model.manifest, graph: { ...graph, external } } };
    expect(await verifyModel(stated)).toMatchObject({ provider: 'cpu' });
  });

  test.each<[string, (m: Record<string, unknown>) => unknown, RegExp]>([
    ['another kind', (m) => Object.assign(m, { kind: 'restorers' }), /kind: expected .*"restorer".*, got "restorers"/],
    [
      'an unknown key',
      (m) => Object.assign(m, { multipel: 4 }),
      /expected only known keys, got "multipel"\. Did you mean "multiple"/,
    ],
    [
      'a scale without whole pixels',
      (m) => Object.assign(m, { scale: 1.5 }),
      /expected a scale that makes whole pixels/,
    ],
    ['a multiple of 0', (m) => Object.assign(m, { multiple: 0 }), /multiple: expected .* at least 1/],
    ['grey with three channels', (m) => Object.assign(m.input as object, { colour: 'grey' }), /1 channel where grey/],
    ['no JSON', () => {}, /manifest\.json: expected JSON/],
  ])('%s in the manifest is told', async (name, change, told) => {
    const path = await tampered(change);
    if (name === 'no JSON') await writeFile(path, '{"schema":');
    expect((await listModels()).broken).toMatchObject([{ problem: expect.stringMatching(told) }]);
  });

  test('a manifest that disagrees with the graph is refused when it runs', async () => {
    const run = (change: object) => refusal(verifyModel({ ...model, manifest: { ...model.manifest, ...change } }));
    const { input, output } = restorerModel(model).manifest;
    expect(await run({ input: { ...input, name: 'picture' } })).toMatch(
      /^IR_E_MODEL .*a port named picture, got input/,
    );
    expect(await run({ output: { ...output, shape: ['n', 1, 'h', 'w'], colour: 'grey' } })).toMatch(
      /^IR_E_MODEL .*shape/,
    );
    expect(await run({ scale: 2 })).toMatch(
      /^IR_E_CHECK net output: expected \[1, 3, 256, 256\], got \[1, 3, 128, 128\]/,
    );
  });
});

describe('the store', () => {
  test('lists bundled models first, and a user cannot shadow one', async () => {
    await add(identityGraph());
    const { models: found } = await listModels();
    const origins = found.map((m) => m.origin);
    expect(origins).toEqual([...origins].sort());
    const bundled = found.find((m) => m.origin === 'bundled' && m.manifest.kind === 'restorer');
    if (!bundled) return;
    await tampered((manifest) => Object.assign(manifest, bundled.manifest));
    const { broken } = await listModels();
    expect(broken).toMatchObject([{ problem: `the id ${bundled.manifest.id} is taken by another model` }]);
    expect(await findModel(bundled.manifest.id)).toEqual(bundled);
  });

  test('an unknown id comes with a suggestion', async () => {
    await add(identityGraph(), { id: 'sharpener', multiple: 1, reach: 16 });
    expect(await refusal(findModel('sharpner'))).toMatch(/^IR_E_UNKNOWN_NAME model: .*Did you mean "sharpener"/);
  });

  test('folders that are being written, and files, are no models', async () => {
    await mkdir(join(models, '.net.1.partial'), { recursive: true });
    await writeFile(join(models, 'note.txt'), '');
    const { models: found, broken } = await listModels();
    expect([...found.filter((m) => m.origin === 'user'), ...broken]).toEqual([]);
  });

  test('every bundled model has a manifest that its file name and graph agree with', async () => {
    for (const entry of await readdir(bundledModelsDir(), { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === 'node_modules') continue;
      const path = join(bundledModelsDir(), entry.name, 'manifest.json');
      const manifest = parseManifest(JSON.parse(await readFile(path, 'utf8')), path);
      expect(manifest.id).toBe(entry.name);
      if (!('graph' in manifest)) continue; // of several graphs
      const { weights } = readOnnx(await readFile(join(bundledModelsDir(), entry.name, manifest.graph.file)));
      expect(manifest.parameters.weights).toBe(weights);
    }
  });
});

describe('counting in an ONNX file', () => {
  test('weights are floating-point initializers of rank 1 and more, in branches too; external files are found anywhere', () => {
    const inner = { inputs: [], outputs: [], nodes: [], tensors: [weight(new Float32Array(5), [5], 'inner')] };
    const outside = { name: 'c', dims: [2], data: new Float32Array(2), external: 'deep.bin' };
    const bytes = onnxBytes({
      inputs: [],
      outputs: [],
      nodes: [
        { op: 'If', inputs: ['x'], outputs: ['y'], attributes: { then_branch: inner } },
        { op: 'Constant', inputs: [], outputs: ['z'], attributes: { value: outside } },
      ],
      tensors: [
        weight(new Float32Array(6), [2, 3]),
        weight(Float32Array.of(1), [], 'scalar'),
        { name: 'shape', dims: [4], data: new BigInt64Array(4) },
      ],
    });
    expect(readOnnx(bytes)).toEqual({ weights: 11, allInitializers: 16, externalFiles: ['deep.bin'] });
  });

  test('cut anywhere it is refused or still whole, never a crash', () => {
    const bytes = restorerGraph();
    for (let length = 0; length < bytes.length; length += 7) {
      let outcome = 'read';
      try {
        readOnnx(bytes.subarray(0, length));
      } catch (error) {
        outcome = (error as { code: string }).code;
      }
      expect(`${length} ${outcome}`).toMatch(/ (IR_E_MODEL|read)$/);
    }
  });
});
