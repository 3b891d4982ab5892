import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { random, randomImage, worst } from '../../image/testing/pictures.js';
import { addModel } from '../../models/add.js';
import { findModel, type InstalledModel, restorerModel } from '../../models/store.js';
import {
  identityGraph,
  infinityGraph,
  notANumberGraph,
  type RestorerGraph,
  restorerGraph,
  slowGraph,
} from '../../testing/graphs.js';
import { refusal } from '../../testing/refusal.js';
import { networkRestorer, noRestorer } from './definitions.js';
import { type DirectRestorer, openRestorer } from './direct.js';
import { tilesOf } from './tiles.js';

let folder: string;
const models = new Map<string, InstalledModel>();
/** What the graphs below say and take; given, so that nothing has to be measured. */
const given = { id: 'net', multiple: 1, reach: 16 };

async function model(
  bytes: Uint8Array,
  options: Partial<Parameters<typeof addModel>[1]> = {},
): Promise<InstalledModel> {
  const id = `net-${models.size}`;
  const file = join(folder, `${id}.onnx`);
  await writeFile(file, bytes);
  const added = await addModel(file, { ...given, id, folder: join(folder, 'models'), ...options });
  models.set(id, added);
  return added;
}

/** Reach of `restorerGraph`: layers of 3x3 on a grid of `multiple` pixels. */
const reachOf = ({ multiple = 1, depth = 2 }: RestorerGraph) => (depth + 1) * multiple;
const graphModel = (graph: RestorerGraph) =>
  model(restorerGraph(graph), { multiple: graph.multiple ?? 1, reach: reachOf(graph) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-direct-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Float32 sums taken in another order where another size lets the runtime choose another algorithm. */
const ROUNDING = 2e-6;

describe.each<RestorerGraph>([
  { scale: 1, multiple: 1 },
  { scale: 1, multiple: 4 },
  { scale: 2, multiple: 2, depth: 3 },
  { scale: 4, multiple: 1 },
  { scale: 1.5, multiple: 2 },
  { scale: 1, multiple: 3, channels: 1 },
])('the network %j', (graph) => {
  const { scale = 1 } = graph;
  let restorer: DirectRestorer;
  beforeAll(async () => {
    restorer = await openRestorer(await graphModel(graph));
  });
  afterAll(() => restorer.dispose());

  test('in tiles gives what the whole picture gives, for sizes and tile sizes drawn by lot', async () => {
    const next = random(41);
    const draw = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
    for (let round = 0; round < 8; round++) {
      const [width, height, size] = [draw(1, 75), draw(1, 75), draw(16, 40)];
      const image = randomImage(round, { width, height, channels: round % 3 === 2 ? 1 : 3 });
      const whole = await restorer.restore(image, { tile: 'none' });
      const tiled = await restorer.restore(image, { tile: { size, overlap: reachOf(graph) } });
      expect([whole.width, whole.height]).toEqual([Math.round(width * scale), Math.round(height * scale)]);
      expect(`seed ${round}: ${width}x${height}, tile ${size}: ${worst(whole, tiled) < ROUNDING}`).toBe(
        `seed ${round}: ${width}x${height}, tile ${size}: true`,
      );
    }
  });

  test('without overlap the seams show: the check above can go red', async () => {
    const image = randomImage(1, { width: 50, height: 50 });
    const whole = await restorer.restore(image, { tile: 'none' });
    expect(worst(whole, await restorer.restore(image, { tile: { size: 24, overlap: 0 } }))).toBeGreaterThan(1e-3);
  });

  test.each([
    [1, 1],
    [1, 9],
    [2, 31],
    [17, 3],
  ])('takes %dx%d', async (width, height) => {
    const restored = await restorer.restore(randomImage(3, { width, height }));
    expect(restored).toMatchObject({ width: Math.round(width * scale), height: Math.round(height * scale), depth: 32 });
    expect(restored.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

/** Restorers predate explicit resource management; the tests do not. */
function disposable<T extends { dispose(): Promise<void> }>(restorer: T): T & AsyncDisposable {
  return Object.assign(restorer, { [Symbol.asyncDispose]: () => restorer.dispose() });
}

describe('blended tiles, for networks whose reach is only where effects become small', () => {
  test('shares sum to 1 at every sample, for sizes, tiles and scales drawn by lot', () => {
    const next = random(17);
    const draw = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
    for (let round = 0; round < 60; round++) {
      const [width, height, size, overlap] = [draw(1, 90), draw(1, 90), draw(16, 40), draw(0, 50)];
      const [scale, multiple] = [
        [1, 1],
        [2, 2],
        [1.5, 4],
        [4, 3],
      ][round % 4] as [number, number];
      const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
      for (const blend of [false, true]) {
        const sum = new Float64Array(w * h);
        for (const { target, shares } of tilesOf(width, height, { size, overlap }, { multiple, scale, blend }))
          shares.y.forEach((row, y) => {
            shares.x.forEach((column, x) => {
              sum[(target.top + y) * w + target.left + x]! += row * column;
            });
          });
        const off = sum.reduce((most, total) => Math.max(most, Math.abs(total - 1)), 0);
        expect(`seed 17, round ${round}, ${blend}: ${off < 1e-12}`).toBe(`seed 17, round ${round}, ${blend}: true`);
      }
    }
  });

  test('fade from 0 where a region ends to 1 across the border: no step is left', async () => {
    // Each tile as bright as its place in the order: what is seen is the shares.
    const [first, second] = tilesOf(64, 16, { size: 32, overlap: 8 }, { multiple: 1, blend: true });
    expect([...first!.shares.x].slice(22, 42).map((v) => v * 16)).toEqual(
      [16, 16, 15.5, 14.5, 13.5, 12.5, 11.5, 10.5, 9.5, 8.5, 7.5, 6.5, 5.5, 4.5, 3.5, 2.5, 1.5, 0.5].slice(
        0,
        first!.shares.x.length - 22,
      ),
    );
    expect(second!.shares.x[0]! * 16).toBeCloseTo(0.5, 12);
  });

  test('a measured reach blends, a stated one cuts sharply', async () => {
    const file = join(folder, 'measured.onnx');
    await writeFile(file, restorerGraph({ depth: 1 }));
    const { manifest } = await addModel(file, { id: 'measured', folder: join(folder, 'models') });
    expect(manifest).toMatchObject({ kind: 'restorer', reach: 16, blend: true });
    expect((await graphModel({})).manifest).not.toHaveProperty('blend');
  });
});

describe('what goes in comes out', () => {
  test.each([
    ['as it is', {}],
    ['in the range [-1, 1]', { range: [-1, 1] as const }],
    ['in the range [0, 255]', { range: [0, 255] as const }],
    ['with blue first', { colour: 'BGR' as const }],
    ['padded to a multiple of 8', { multiple: 8 }],
  ])('%s: nothing is lost or swapped on the way through the ports', async (_, options) => {
    await using restorer = await openRestorer(await model(identityGraph(), options)).then(disposable);
    const image = randomImage(5, { width: 21, height: 13, depth: 16 });
    expect(worst(image, await restorer.restore(image))).toBeLessThan(1e-6);
    expect(worst(image, await restorer.restore(image, { tile: { size: 16, overlap: 3 } }))).toBeLessThan(1e-6);
  });

  test('the port has the colour order it asks for', async () => {
    // Input taken as BGR, output as RGB: red and blue change places.
    const { manifest, folder: at } = restorerModel(await model(identityGraph()));
    const swapped = { ...manifest, input: { ...manifest.input, colour: 'BGR' as const } };
    await using restorer = await openRestorer({ manifest: swapped, folder: at, origin: 'user' }).then(disposable);
    const image = randomImage(6);
    const { data } = await restorer.restore(image);
    const plane = image.width * image.height;
    expect(data.subarray(0, plane)).toEqual(image.data.subarray(2 * plane));
    expect(data.subarray(2 * plane)).toEqual(image.data.subarray(0, plane));
  });

  test('grey goes through a colour network and stays grey', async () => {
    await using restorer = await openRestorer(await model(identityGraph())).then(disposable);
    const grey = randomImage(7, { channels: 1 });
    const restored = await restorer.restore(grey);
    expect(restored.channels).toBe(1);
    expect(worst(grey, restored)).toBeLessThan(1e-6);
  });

  test('alpha is carried along, and scaled with the picture', async () => {
    const image = randomImage(8, { width: 12, height: 10, alpha: true });
    await using same = await openRestorer(await model(identityGraph())).then(disposable);
    expect((await same.restore(image)).alpha).toEqual(image.alpha);
    await using twice = await openRestorer(await graphModel({ scale: 2 })).then(disposable);
    const { alpha } = await twice.restore({ ...image, alpha: new Float32Array(120).fill(0.5) });
    expect(alpha).toHaveLength(480);
    expect(alpha!.every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true);
  });

  test('the picture given is left as it is', async () => {
    await using restorer = await openRestorer(await model(identityGraph())).then(disposable);
    const image = randomImage(9);
    await restorer.restore(image);
    expect(image).toEqual(randomImage(9));
  });
});

describe('running', () => {
  test('pictures above the limit of the manifest are tiled with its reach, smaller ones are not; told by progress', async () => {
    const tiled = await model(identityGraph(), { maxPixels: 4096 });
    await using restorer = await openRestorer(tiled).then(disposable);
    const totals = async (width: number, height: number, tile?: 'none') => {
      const seen: string[] = [];
      await restorer.restore(randomImage(1, { width, height, channels: 1 }), {
        ...(tile ? { tile } : {}),
        onProgress: ({ phase, completed, total }) => seen.push(`${phase} ${completed}/${total}`),
      });
      return seen;
    };
    expect(await totals(64, 64)).toEqual(['restore 0/1', 'restore 1/1']);
    expect(await totals(600, 40)).toEqual(['restore 0/2', 'restore 1/2', 'restore 2/2']);
    expect(await totals(600, 40, 'none')).toEqual(['restore 0/1', 'restore 1/1']);
  });

  test('aborting between tiles and within one rejects with the reason; the restorer stays usable', async () => {
    await using restorer = await openRestorer(await model(slowGraph(30))).then(disposable);
    const image = randomImage(2, { width: 96, height: 96 });
    const reason = new Error('enough');
    const controller = new AbortController();
    const within = restorer.restore(image, { signal: controller.signal, tile: { size: 48, overlap: 8 } });
    const rejected = expect(within).rejects.toBe(reason);
    setTimeout(() => controller.abort(reason), 20);
    await rejected;
    const between = new AbortController();
    const call = restorer.restore(randomImage(2, { width: 40, height: 16 }), {
      signal: between.signal,
      tile: { size: 16, overlap: 0 },
      onProgress: ({ completed }) => completed === 1 && between.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    expect(await restorer.restore(randomImage(2))).toMatchObject({ width: 13, height: 9 });
  });

  test.each([
    ['not a number', notANumberGraph()],
    ['infinite, not made white', infinityGraph()],
  ])('output that is %s is refused with the name of the port', async (_, bytes) => {
    const { manifest, folder: at } = restorerModel(await model(identityGraph()));
    const file = join(at, 'other.onnx');
    await writeFile(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const graph = { file: 'other.onnx', sha256, bytes: bytes.length };
    await using restorer = await openRestorer({ manifest: { ...manifest, graph }, folder: at, origin: 'user' }).then(
      disposable,
    );
    expect(await refusal(restorer.restore(randomImage(1)))).toMatch(
      /^IR_E_MODEL net-\d+ output output: expected numbers, got values that are not finite/,
    );
  });

  test('no picture, a bad tile plan and a restorer disposed of are told', async () => {
    const restorer = await openRestorer(await model(identityGraph()));
    const image = randomImage(1);
    expect(await refusal(restorer.restore({ ...image, width: 5 }))).toMatch(/^IR_E_SIZE/);
    expect(await refusal(restorer.restore(image, { tile: { size: 8, overlap: 0 } }))).toMatch(
      /^IR_E_USAGE tile: expected/,
    );
    expect(await refusal(restorer.restore(image, { tile: { size: 32, overlap: -1 } }))).toMatch(/^IR_E_USAGE tile/);
    await restorer.dispose();
    await restorer.dispose();
    expect(await refusal(restorer.restore(image))).toMatch(/^IR_E_DISPOSED/);
  });
});

describe('as a definition', () => {
  test('settings are checked, change the identity, and unknown ones come with a suggestion', async () => {
    const definition = networkRestorer(await model(identityGraph()));
    expect(await refusal(definition.create({ thread: 2 }))).toMatch(/^IR_E_SCHEMA .*Did you mean "threads"/);
    expect(await refusal(definition.create({ tile: { size: 8, overlap: 0 } }))).toMatch(/^IR_E_SCHEMA/);
    const identities = [];
    for (const settings of [{}, { threads: 2 }, { tile: 'none' }, { tile: { size: 64, overlap: 8 } }]) {
      const restorer = await definition.create(settings);
      identities.push(restorer.identity);
      await restorer.dispose();
    }
    expect(new Set(identities).size).toBe(4);
    expect(identities[0]).toMatch(
      /^net-\d+\[sha256=[0-9a-f]{16},ports=[0-9a-f]{8},tile=auto,provider=cpu,threads=1,onnxruntime-node=/,
    );
    expect(identities[3]).toMatch(/tile=64\+8,/);
  });

  test('none gives back the picture it got, and takes no settings', async () => {
    const image = randomImage(1);
    expect(await (await noRestorer.create({})).restore(image)).toBe(image);
    expect(await refusal(noRestorer.create({ strength: 1 }))).toMatch(/^IR_E_SCHEMA/);
  });
});

const bundled = await findModel('restorer-s').catch(() => undefined);
(bundled ? test : test.skip)('the bundled network in tiles gives what it gives in one piece', async () => {
  await using restorer = await openRestorer(bundled!).then(disposable);
  const image = randomImage(4, { width: 131, height: 77 });
  const whole = await restorer.restore(image, { tile: 'none' });
  const { reach } = restorerModel(bundled!).manifest;
  expect(worst(whole, await restorer.restore(image, { tile: { size: 64, overlap: reach } }))).toBeLessThan(1e-5);
  expect(worst(whole, await restorer.restore(image, { tile: { size: 64, overlap: 0 } }))).toBeGreaterThan(1e-3);
});
