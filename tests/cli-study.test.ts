import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { saveImage } from '@ir/core';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { onnxBytes } from '../packages/core/src/testing/onnx.js';
import { assertBuilt, callIr, refusal, runIr, scratchFolder, startIr } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-study');
const at = (...names: string[]) => join(scratch.path, ...names);
const env = { IR_MODELS_DIR: at('models') };
const ir = (...args: string[]) => runIr(args, { cwd: scratch.path, env });

const SIZE = { width: 112, height: 208 };
const spec = (title: string, degradations: string, restorers: string) => `
schema: ir.study/1
title: ${title}
degradations: ${degradations}
restorers: ${restorers}
metrics: [psnr, niqe]
figure: { x: null }
pictures: { images: 1, degradations: [Blur1] }
`;

/** A network that computes d / d, d = x - pole: a number but for pictures with just that value. */
function poleGraph(pole: number): Uint8Array {
  const picture = (name: string) => ({ name, shape: ['n', 3, 'h', 'w'] });
  return onnxBytes({
    inputs: [picture('input')],
    outputs: [picture('output')],
    nodes: [
      { op: 'Sub', inputs: ['input', 'pole'], outputs: ['distance'] },
      { op: 'Div', inputs: ['distance', 'distance'], outputs: ['output'] },
    ],
    tensors: [{ name: 'pole', dims: [1], data: Float32Array.of(pole) }],
  });
}

beforeAll(async () => {
  assertBuilt();
  mkdirSync(at('photos'));
  await saveImage(photo(1, SIZE), at('photos/one.png'));
  await saveImage(photo(2, SIZE), at('photos/two.png'));
  writeFileSync(at('photos/notes.txt'), 'no picture');
  writeFileSync(at('small.yaml'), spec('Small', '[Blur1]', '[none, { id: wiener, label: Wiener }]'));
});
afterAll(() => scratch.remove());

test('--long-side and --seeds stand over the spec’s', async () => {
  const plan = (...flags: string[]) =>
    ir('study', 'plan', 'small.yaml', '--images', 'photos', '--json', ...flags).then(({ stdout }) =>
      JSON.parse(stdout),
    );
  const { images, seeds } = await plan('--long-side', '104', '--seeds', '3,4');
  expect(images).toMatchObject([1, 2].map(() => ({ width: 56, height: 104 })));
  expect(seeds).toEqual([3, 4]);
  expect((await plan('--long-side', 'none')).images).toMatchObject([SIZE, SIZE]);
  refusal(await callIr('study', 'plan', at('small.yaml'), '--images', at('photos'), '--long-side', '0', '--json'));
});

test('--paper takes the paper’s sizes where a spec has them', async () => {
  const sized = `${spec('Sized', '[Blur1]', '[none]')}longSide: 104\npaper: { longSide: null, seeds: [7] }\n`;
  writeFileSync(at('sized.yaml'), sized);
  const plan = (...flags: string[]) =>
    ir('study', 'plan', 'sized.yaml', '--images', 'photos', '--json', ...flags).then(({ stdout }) =>
      JSON.parse(stdout),
    );
  expect(await plan()).toMatchObject({ images: [{ height: 104 }, { height: 104 }], seeds: [0], out: 'ir-out/sized' });
  expect(await plan('--paper')).toMatchObject({ images: [SIZE, SIZE], seeds: [7], out: 'ir-out/sized-paper' });
  expect((await plan('--paper', '--seeds', '8')).seeds).toEqual([8]);
  refusal(await callIr('study', 'plan', at('small.yaml'), '--images', at('photos'), '--paper', '--json'));
});

test('plan and --dry-run say what a study consists of, compute nothing and write nothing', async () => {
  const where = ['small.yaml', '--images', 'photos', '--out', 'planned'];
  const [plan, dry, text] = await Promise.all([
    ir('study', 'plan', ...where, '--json'),
    ir('study', 'run', ...where, '--dry-run', '--json'),
    ir('study', 'plan', ...where, '--quiet'),
  ]);
  expect(plan).toEqual({ ...dry, code: 0, stderr: '' });
  expect(JSON.parse(plan.stdout)).toEqual({
    schema: 'ir.study-plan/1',
    out: 'planned',
    title: 'Small',
    cells: 4,
    done: 0,
    images: ['one.png', 'two.png'].map((name) => ({ name, hash: expect.stringMatching(/^[0-9a-f]{64}$/), ...SIZE })),
    degradations: ['Blur1'],
    restorers: ['none', 'Wiener'],
    metrics: ['psnr', 'niqe'],
    seeds: [0],
    skipped: [{ name: 'notes.txt', reason: expect.any(String) }],
  });
  expect(text.stdout).toMatch(/\nWiener +2 +0\nall +4 +0\nresults go to planned\n$/);
  expect(existsSync(at('planned'))).toBe(false);
});

test('run computes, writes tables and report, and is done when it is run again', async () => {
  const where = ['study', 'run', 'small.yaml', '--images', 'photos'];
  const first = await ir(...where);
  expect(first.code).toBe(0);
  expect(first.stderr).toBe('Small: results go to ir-out/small\nleft out: notes.txt: no picture by its extension\n');
  expect(first.stdout).toMatch(
    /^report +ir-out\/small\/report\/index\.html\nresults .*\ncells +4 of 4 cells computed\n$/,
  );
  const page = readFileSync(at('ir-out/small/report/index.html'), 'utf8');
  expect(page).toContain('Small');
  const { runs } = JSON.parse(readFileSync(at('ir-out/small/manifest.json'), 'utf8'));
  expect(runs[0].command).toBe('ir study run small.yaml --images photos');
  const rows = readFileSync(at('ir-out/small/results.jsonl'), 'utf8');
  const again = await ir(...where, '--json');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toEqual({
    schema: 'ir.study-run/1',
    out: 'ir-out/small',
    cells: 4,
    computed: 0,
    failed: [],
    report: 'ir-out/small/report/index.html',
  });
  expect(readFileSync(at('ir-out/small/results.jsonl'), 'utf8')).toBe(rows);
  const report = await ir('study', 'report', 'ir-out/small', '--json');
  expect(JSON.parse(report.stdout)).toMatchObject({ schema: 'ir.study-report/1', rows: 4, missing: 0 });
});

test('interrupted, it ends with status 130, keeps what is finished, and goes on from there', async () => {
  const sigmas = Array.from({ length: 12 }, (_, i) => 1 + i / 4);
  writeFileSync(
    at('long.yaml'),
    spec('Long', `[Blur1, { sweep: { kind: blur, sigma: [${sigmas.slice(1)}] } }]`, '[none, wiener]'),
  );
  const where = ['study', 'run', 'long.yaml', '--images', 'photos', '--jobs', '1', '--json'];
  const folder = at('ir-out/long/cells');
  const cells = () =>
    existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f]+\.json$/.test(name)).length : 0;
  const { child, ended } = startIr(where, { cwd: scratch.path, env });
  while (cells() < 3 && child.exitCode === null) await sleep(5);
  child.kill('SIGINT');
  expect(refusal(await ended)).toEqual([
    130,
    'IR_E_ABORTED',
    'interrupted by SIGINT: finished cells are kept in ir-out/long. Run the same command again to go on.',
  ]);
  const partial = await ir('study', 'report', 'ir-out/long', '--json');
  const { rows, missing } = JSON.parse(partial.stdout);
  expect(rows).toBeGreaterThanOrEqual(3);
  expect(rows + missing).toBe(48);
  const { code, stdout } = await ir(...where);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ cells: 48, computed: missing, failed: [] });
});

test('a cell that fails leaves the others, is told, and the status is 4', async () => {
  writeFileSync(at('pole.onnx'), poleGraph(51 / 255));
  expect(await ir('models', 'add', 'pole.onnx', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  mkdirSync(at('poles'));
  const bright = photo(3, SIZE).data.map((value) => Math.max(value, 0.4));
  await saveImage({ ...photo(3, SIZE), data: bright }, at('poles/bright.png'));
  await saveImage(
    { ...photo(3, SIZE), data: bright.map((value, i) => (i < 5000 ? 51 / 255 : value)) },
    at('poles/dark.png'),
  );
  writeFileSync(at('partial.yaml'), spec('Partial', '[Blur1]', '[none, pole]'));
  const ended = await ir('study', 'run', 'partial.yaml', '--images', 'poles', '--json');
  expect(ended.code).toBe(4);
  const { computed, failed, report } = JSON.parse(ended.stdout);
  expect(computed).toBe(3);
  const cell = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(failed).toEqual([
    {
      cell,
      image: 'dark.png',
      degradation: 'Blur1',
      restorer: 'pole',
      seed: 0,
      code: 'IR_E_MODEL',
      message: expect.any(String),
    },
  ]);
  const { error } = JSON.parse(ended.stderr);
  expect(error).toEqual({
    code: 'IR_E_PARTIAL',
    message: expect.stringMatching(/^ir-out\/partial: 1 of 4 cells failed; .*\n {2}dark\.png, Blur1, pole: /),
  });
  expect(existsSync(at(report))).toBe(true);
});

test('what cannot be run is refused before anything is written', async () => {
  writeFileSync(at('typo.yaml'), spec('Typo', '[Blur1]', '[none]').replace('metrics:', 'metrcs:'));
  writeFileSync(at('unknown.yaml'), spec('Unknown', '[Blur1]', '[wienr]'));
  writeFileSync(at('unfit.yaml'), spec('Unfit', '[Blur1, SR2]', '[wiener]'));
  mkdirSync(at('empty'));
  mkdirSync(at('damaged'));
  writeFileSync(at('damaged/cut.png'), readFileSync(at('photos/one.png')).subarray(0, 500));
  const refused = async (file: string, images: string) =>
    refusal(await callIr('study', 'run', at(file), '--images', at(images), '--out', at('refused'), '--json'));
  expect(await refused('typo.yaml', 'photos')).toEqual([
    2,
    'IR_E_SCHEMA',
    expect.stringContaining('Did you mean "metrics"?'),
  ]);
  expect(await refused('unknown.yaml', 'photos')).toEqual([
    2,
    'IR_E_UNKNOWN_NAME',
    expect.stringContaining('"wiener"'),
  ]);
  expect(await refused('unfit.yaml', 'photos')).toEqual([2, 'IR_E_DEGRADATION', expect.stringContaining('wiener')]);
  expect(await refused('small.yaml', 'empty')).toEqual([2, 'IR_E_NOT_FOUND', expect.any(String)]);
  expect(await refused('small.yaml', 'nowhere')).toEqual([2, 'IR_E_NOT_FOUND', expect.any(String)]);
  expect(await refused('small.yaml', 'damaged')).toEqual([2, 'IR_E_DECODE', expect.stringContaining('cut.png')]);
  expect(existsSync(at('refused'))).toBe(false);
});

test('without arguments it means the paper’s Figure 2 on the nine bundled photographs', async () => {
  const { code, stdout } = await ir('study', 'plan', '--json');
  expect(code).toBe(0);
  const { out, cells, images, metrics, restorers } = JSON.parse(stdout);
  expect({ out, cells, metrics }).toEqual({
    out: 'ir-out/figure-2',
    cells: 9 * 9 * 4,
    metrics: ['ssim', 'psnr', 'niqe'],
  });
  expect(restorers).toHaveLength(4);
  expect(images.map((image: { name: string }) => image.name)).toContain('locomotion-house-cat');
  for (const { width, height } of images) expect(Math.max(width, height)).toBeLessThanOrEqual(768);
});
