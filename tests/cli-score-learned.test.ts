import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, type Image, saveImage } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { distanceGraph, encoderGraph } from '../packages/core/src/testing/metric-graphs.js';
import { assertBuilt, callIr, type Ended, refusal, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-score-learned');
const at = (name: string) => join(scratch.path, name);
const before = process.env.IR_MODELS_DIR;

const score = (...args: string[]) => callIr('score', ...args);
const refused = async (...args: string[]) => refusal(await score(...args, '--json'));
const parsed = ({ code, stdout }: Ended) => {
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const scoresOf = async (...args: string[]) => parsed(await score(...args, '--json')).items[0].scores;

const WIDE = { width: 472, height: 232 };
const COUNT = 6;

/** Runs with another folder of models. */
async function withModels(folder: string, work: () => Promise<void>): Promise<void> {
  const usual = process.env.IR_MODELS_DIR;
  process.env.IR_MODELS_DIR = at(folder);
  try {
    await work();
  } finally {
    process.env.IR_MODELS_DIR = usual;
  }
}

/** Is the picture's sample i of the three planes no grey? */
const coloured = ({ data, width, height }: Image, i: number) => Math.abs(data[i]! - data[width * height + i]!) > 0.02;

/** The right half in red alone: another meaning to an encoder that sees mean colours. */
function halfRed(image: Image): Image {
  const { width, data } = image;
  const plane = width * image.height;
  return { ...image, data: data.map((value, i) => (i >= plane && i % width >= width / 2 ? 0 : value)) };
}

beforeAll(async () => {
  assertBuilt();
  process.env.IR_MODELS_DIR = at('models');
  writeFileSync(at('colours.onnx'), encoderGraph());
  writeFileSync(at('squares.onnx'), distanceGraph());
  for (const name of ['colours', 'squares']) expect((await callIr('models', 'add', at(`${name}.onnx`))).code).toBe(0);
  for (const folder of ['originals', 'outputs']) mkdirSync(at(folder));
  for (let i = 0; i < COUNT; i++) {
    await saveImage(photo(i), at(`originals/p${i}.png`));
    await saveImage(photo(i + 1), at(`outputs/p${i}.png`));
  }
  await saveImage(photo(1, WIDE), at('wide.png'));
  await saveImage(photo(2, WIDE), at('other.png'));
  await saveImage(halfRed(photo(1, WIDE)), at('half-red.png'));
});
afterAll(() => {
  if (before === undefined) delete process.env.IR_MODELS_DIR;
  else process.env.IR_MODELS_DIR = before;
  scratch.remove();
});

describe('alignment through an installed encoder', () => {
  test('looks at what --align-size says, and says so in the identity', async () => {
    const values: number[] = [];
    for (const size of ['native', 'crop224', 'tiles']) {
      const args = ['-m', 'align-cls-mse', '--alignment', 'gt', '--encoder', 'colours', '--align-size', size];
      const { 'align-cls-mse': one } = await scoresOf(at('wide.png'), at('other.png'), ...args);
      expect(one.id).toMatch(
        new RegExp(`^align-cls-mse\\[encoder=colours@[0-9a-f]{16},size=${size},truth=gt,crop=0\\]@1$`),
      );
      values.push(one.value);
    }
    expect(new Set(values).size).toBe(3);
  });

  test('goes by the degradation where the paper places it, else wants to be told, and is null where D is unknown', async () => {
    const pair = [at('wide.png'), at('other.png'), '-m', 'align-cls-cos'];
    expect((await scoresOf(...pair))['align-cls-cos']).toMatchObject({ value: null, reason: 'degradation-unknown' });
    expect((await scoresOf(...pair, '--preset', 'Blur1'))['align-cls-cos'].value).toBeGreaterThan(0);
    expect((await scoresOf(...pair, '--preset', 'Blur20'))['align-cls-cos']).toMatchObject({ reason: 'no-input' });
    const input = ['--input', at('wide.png')];
    expect((await scoresOf(...pair, '--preset', 'Blur20', ...input))['align-cls-cos'].value).toBeGreaterThan(0);
    const [status, code, message] = await refused(...pair, '--degradation', 'blur[sigma=3]');
    expect([status, code]).toEqual([2, 'IR_E_USAGE']);
    expect(message).toMatch(/gt \(Eq\. 14.*input \(Eq\. 15/);
  });

  test('an encoder that is not there is refused, with the one that is', async () => {
    const args = [at('wide.png'), at('other.png'), '-m', 'align-cls-cos', '--encoder', 'colour'];
    expect(await refused(...args)).toEqual([
      2,
      'IR_E_UNKNOWN_NAME',
      expect.stringContaining('Did you mean "colours"?'),
    ]);
  });

  test('a network that is not installed is a reason, and on stderr what to install', async () => {
    const { code, stdout, stderr } = await score(at('wide.png'), at('other.png'), '-m', 'lpips-alex');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^other\.png +model-missing$/m);
    expect(stderr).toBe('lpips-alex needs the network lpips-alex: install it with ir models add\n');
  });
});

describe('--deviation-map', () => {
  const draw = (output: string, file: string, ...more: string[]) =>
    score(at('wide.png'), output, '-m', 'align-patch-cos', '--alignment', 'gt', '--deviation-map', file, ...more);

  test('draws the output in grey, in colour where meaning changed, and leaves the result as it is', async () => {
    const { code, stdout, stderr } = await draw(at('half-red.png'), at('map.png'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^half-red\.png +0\.\d{4}$/m);
    expect(stderr).toMatch(
      /map\.png: 1 - cos of patch tokens by colours@[0-9a-f]{16}, 59x29 squares of 8 pixels, mean 0\./,
    );
    const map = await decode(at('map.png'));
    expect(map).toMatchObject({ width: 59 * 8, height: 29 * 8, channels: 3, depth: 8 });
    const side = (left: boolean) =>
      [...Array(map.width * map.height).keys()].filter((i) =>
        left ? i % map.width < WIDE.width / 2 - 8 : i % map.width > WIDE.width / 2 + 8,
      );
    expect(side(true).some((i) => coloured(map, i))).toBe(false);
    expect(side(false).every((i) => coloured(map, i))).toBe(true);
    const quiet = await draw(at('half-red.png'), at('again.png'), '--json');
    expect([quiet.stderr, Object.keys(JSON.parse(quiet.stdout))]).toEqual(['', ['schema', 'items', 'aggregate']]);
  });

  test('refuses folders, an input as its file, and pictures that nothing may be compared with', async () => {
    const folders = await refused(at('originals'), at('outputs'), '--deviation-map', at('x.png'));
    expect(folders).toEqual([2, 'IR_E_USAGE', expect.stringContaining('two files')]);
    expect(refusal(await draw(at('other.png'), at('other.png'), '--json'))).toEqual([
      2,
      'IR_E_USAGE',
      expect.stringContaining('another file'),
    ]);
    expect(refusal(await draw(at('other.png'), at('x.gif'), '--json')).slice(0, 2)).toEqual([2, 'IR_E_USAGE']);
    const unknown = await refused(at('wide.png'), at('other.png'), '-m', 'psnr', '--deviation-map', at('x.png'));
    expect(unknown).toEqual([2, 'IR_E_USAGE', expect.stringContaining('degradation-unknown')]);
    expect(existsSync(at('x.png'))).toBe(false);
  });
});

describe('fid and kid', () => {
  const folders = () => [at('originals'), at('outputs')];

  test('stand in the aggregate alone, with split half and bias beside them', async () => {
    const { items, aggregate } = parsed(await score(...folders(), '-m', 'psnr,fid', '--json'));
    expect(items).toHaveLength(COUNT);
    for (const item of items) expect(Object.keys(item.scores)).toEqual(['psnr']);
    const value = expect.any(Number);
    expect(aggregate.fid).toEqual({
      id: expect.stringMatching(/^fid\[encoder=colours@[0-9a-f]{16},size=native,crop=0\]@1$/),
      direction: 'lower',
      ...{ mean: value, low: null, high: null, n: COUNT, splitHalf: value, bias: expect.stringContaining('too high') },
    });
    const { stdout } = await score(...folders(), '-m', 'psnr,fid');
    expect(stdout).toMatch(/^fid of 6 pictures: [\de.-]+; between two halves of the references [\de.-]+$/m);
    const alone = await score(...folders(), '-m', 'fid');
    expect(alone.stdout).toMatch(/^fid of 6 pictures: .*\nfid: fid\[.*lower is better; bias: .*\n$/);
  });

  test('are refused for too few pictures, without references, and where a line a picture is wanted', async () => {
    for (const [args, ...says] of [
      [[...folders(), '-m', 'kid'], 'at least 50 pictures', 'got 6'],
      [[at('wide.png'), at('other.png'), '-m', 'fid'], 'at least 4 pictures for 3 numbers each, got 1'],
      [[at('outputs'), '-m', 'fid'], 'a folder of references'],
      [[...folders(), '-m', 'fid', '--encoder', 'none'], 'colours'],
    ] as const) {
      const [status, , message] = await refused(...args);
      expect(status).toBe(2);
      for (const words of says) expect(message).toContain(words);
    }
    const { code, stderr } = await score(...folders(), '-m', 'fid', '--csv');
    expect(code).toBe(2);
    expect(stderr).toContain('--csv: expected metrics of pictures, got fid');
  });
});

describe('ir metrics', () => {
  test('list knows installed networks and distances of folders, with direction, range, needs and source', async () => {
    const { schema, metrics } = parsed(await callIr('metrics', 'list', '--json'));
    expect(schema).toBe('ir.metrics/1');
    for (const one of metrics)
      expect(one).toEqual({
        alias: expect.any(String),
        id: one.id === null ? null : expect.any(String),
        describe: expect.any(String),
        direction: expect.stringMatching(/^(higher|lower)$/),
        range: [one.range[0] === null ? null : expect.any(Number), one.range[1] === null ? null : expect.any(Number)],
        needs: expect.any(Object),
        source: expect.stringMatching(/./),
        of: expect.stringMatching(/^(pictures|folders)$/),
      });
    const named = (alias: string) => metrics.find((one: { alias: string }) => one.alias === alias);
    expect(named('squares')).toMatchObject({ direction: 'lower', needs: { reference: true, network: 'squares' } });
    expect(named('fid')).toMatchObject({ of: 'folders', id: null, range: [0, null] });
    expect(named('kid').range).toEqual([null, null]);
    expect(named('align-cls-cos').id).toContain('encoder=colours@');
  });

  test('describe says it in words', async () => {
    const { stdout } = await callIr('metrics', 'describe', 'align-patch-cos', '--encoder', 'colours');
    expect(stdout).toMatch(/identity {2}align-patch-cos\[encoder=colours@[0-9a-f]{16}/);
    expect(stdout).toContain('needs     input by the degradation, network any encoder');
    expect((await callIr('metrics', 'describe', 'kid')).stdout).toMatch(/range {5}-infinity to infinity/);
    const [, code, message] = refusal(await callIr('metrics', 'describe', 'kdi', '--json'));
    expect([code, message]).toEqual(['IR_E_UNKNOWN_NAME', expect.stringContaining('Did you mean "kid"?')]);
  });

  test('several encoders: alignment has no identity until one is named', async () => {
    writeFileSync(at('second.onnx'), encoderGraph({ tokens: false }));
    await withModels('two-models', async () => {
      for (const name of ['colours', 'second'])
        expect((await callIr('models', 'add', at(`${name}.onnx`))).code).toBe(0);
      const list = parsed(await callIr('metrics', 'list', '--json'));
      expect(list.metrics.find(({ alias }: { alias: string }) => alias === 'align-cls-cos').id).toBeNull();
      const pair = [at('wide.png'), at('other.png'), '-m', 'align-cls-cos', '--alignment', 'gt'];
      expect(await refused(...pair)).toEqual([
        2,
        'IR_E_USAGE',
        expect.stringContaining('one of encoder-s, colours, second'),
      ]);
    });
  });
});

const DATA = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const present = existsSync(join(DATA, 'weights', 'lpips_squeeze.onnx'));
if (!present)
  console.warn('SKIPPED: `ir score` with real networks needs the weights of ../shared/data, which is absent');

const picture = (name: string) => join(DATA, 'goldens', `${name}.png`);

/** Values printed in the README of ../shared/data/weights, to the digits given there. */
const LPIPS = { ex_ref: 0, ex_p0: 0.71121, ex_p1: 0.14794 };
const ENCODER = {
  tid_I03: { 'align-cls-cos': 0.86049, 'align-patch-cos': 0.94928, 'align-cls-mse': 0.170879 },
  tid_I06: { 'align-cls-cos': 0.0216, 'align-patch-cos': 0.0572, 'align-cls-mse': 0.000873 },
};

(present ? test : test.skip)('real networks, installed and used by command: LPIPS-squeeze, EfficientNet-Lite0', () =>
  withModels('real-models', async () => {
    for (const name of ['lpips_squeeze', 'efficientnet_lite0'])
      expect((await callIr('models', 'add', join(DATA, 'weights', `${name}.onnx`))).code).toBe(0);
    for (const [name, value] of Object.entries(LPIPS)) {
      const { 'lpips-squeeze': one } = await scoresOf(picture('ex_ref'), picture(name), '-m', 'lpips-squeeze');
      expect(Math.abs(one.value - value)).toBeLessThanOrEqual(5.1e-6);
    }
    for (const [name, values] of Object.entries(ENCODER)) {
      const pair = [picture(`${name}_reference`), picture(`${name}_distorted`)];
      const through = ['--encoder', 'efficientnet_lite0', '--alignment', 'gt'];
      const scores = await scoresOf(...pair, '-m', Object.keys(values).join(','), ...through);
      for (const [alias, value] of Object.entries(values))
        expect(Math.abs(scores[alias].value - value)).toBeLessThanOrEqual(alias === 'align-cls-mse' ? 5.1e-7 : 5.1e-6);
    }
  }),
);
