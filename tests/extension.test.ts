import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStudySpec, readStudy, runStudy, type StudyResults, saveImage, writeReport } from '@ir/core';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assertBuilt, scratchFolder } from './support/cli.js';
import { setup } from './support/extension-registry.mjs';
import { photo } from './support/pictures.js';

// Law 8, adding is cheap: a metric and a restorer from outside, through the packages' public interfaces alone, in a study and its report.
const scratch = scratchFolder('extension');
let results: StudyResults;

const spec = parseStudySpec({
  schema: 'ir.study/1',
  title: 'Extended from outside',
  degradations: [{ sweep: { kind: 'blur', sigma: [1, 3] } }],
  restorers: ['none', { id: 'toy-stretch', label: 'stretched', settings: { gain: 1.25 } }],
  metrics: ['psnr', 'toy-contrast'],
});

beforeAll(async () => {
  assertBuilt(); // the study's children run the built packages
  const images = join(scratch.path, 'pictures');
  const out = join(scratch.path, 'out');
  mkdirSync(images);
  for (const seed of [1, 2]) await saveImage(photo(seed), join(images, `${seed}.png`));
  const registryModule = new URL('./support/extension-registry.mjs', import.meta.url).href;
  const outcome = await runStudy(spec, { images, out, registry: setup(), registryModule, jobs: 1 });
  expect(outcome).toMatchObject({ computed: 8, failed: [] });
  results = await readStudy(out);
});
afterAll(() => scratch.remove());

test('the toy restorer’s pictures are scored by the toy metric and by the project’s own', () => {
  const value = (label: string, alias: string) =>
    results.rows.filter((row) => row.restorer.label === label).map((row) => row.scores?.[alias]?.value ?? Number.NaN);
  const plain = value('none', 'toy-contrast');
  // Hardly a sample of these pictures is clipped: the spread grows by the gain.
  for (const [i, spread] of value('stretched', 'toy-contrast').entries())
    expect(spread / plain[i]!).toBeCloseTo(1.25, 1);
  for (const psnr of value('stretched', 'psnr')) expect(psnr).toBeGreaterThan(10);
});

test('their identities stand in the results', () => {
  expect(results.metrics.map(({ identity }) => identity)).toContain('toy-contrast[all-samples]@1');
  expect(new Set(results.rows.map((row) => row.restorer.identity))).toEqual(
    new Set(['none@1', 'toy-stretch[gain=1.25]@1']),
  );
});

test('the report takes them in', async () => {
  const { index } = await writeReport(results, join(scratch.path, 'out'));
  const page = await readFile(index, 'utf8');
  expect(page).toContain('toy-contrast[all-samples]@1');
  expect(page).toContain('toy-stretch[gain=1.25]@1');
});
