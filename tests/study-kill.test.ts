import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { saveImage } from '@ir/core';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assertBuilt, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

/** Every run draws other moments to kill at; a failing one is run again with IR_KILL_SEED. */
const SEED = Number(process.env.IR_KILL_SEED ?? Date.now() % 1e6);
const KILLS = 3;
/** For a slow machine: nothing here is about time. */
const PATIENCE = 240_000;
const PROGRAM = fileURLToPath(new URL('./support/study-program.mjs', import.meta.url));

const SPEC = `
schema: ir.study/1
title: Killed and resumed
degradations: ['blur[sigma=1]|noise[gauss,sigma=4]', { sweep: { kind: blur, sigma: [1, 2] } }]
restorers: [none, { id: wiener, label: Wiener, settings: { nsr: 0.002 } }]
metrics: [psnr, ssim, niqe]
seeds: [0, 1]
bootstrap: { resamples: 100 }
figure: { x: null }
pictures: { images: 2, degradations: [2] }
`;
/** Two pictures, two restorers; two seeds of the degradation that draws noise, one of the two that draw nothing. */
const CELLS = 2 * 2 * (2 * 1 + 1 * 2);

const scratch = scratchFolder('kill');
const at = (...names: string[]) => join(scratch.path, ...names);

let state = SEED;
/** Uniform in [0, 1): a linear congruential generator is random enough for picking moments. */
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function start(out: string, jobs: number): { child: ChildProcess; ended: Promise<{ stdout: string; stderr: string }> } {
  const child = spawn(process.execPath, [PROGRAM, at('spec.yaml'), at('pictures'), out, String(jobs)]);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (text.stdout += chunk));
  child.stderr.on('data', (chunk) => (text.stderr += chunk));
  return { child, ended: new Promise((resolve) => child.on('close', () => resolve(text))) };
}

async function finish(out: string, jobs = 2): Promise<number> {
  const { stdout, stderr } = await start(out, jobs).ended;
  if (!stdout) throw new Error(`the study failed: ${stderr}`);
  return (JSON.parse(stdout) as { computed: number }).computed;
}

/** Finished cells, by their files. */
const cellsIn = (out: string) =>
  existsSync(join(out, 'cells'))
    ? readdirSync(join(out, 'cells')).filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
    : [];

/** Everything that has to be the same to the byte, as one line a file. */
function fingerprint(out: string): string[] {
  const inside = (folder: string) => readdirSync(join(out, folder)).map((name) => `${folder}/${name}`);
  const files = [
    'results.jsonl',
    'results.csv',
    ...inside('report/figures'),
    ...inside('pictures'),
    ...inside('originals'),
  ];
  return files.sort().map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex')}`,
  );
}

/** Runs until a random number of cells more is there, then kills the parent a random moment later. */
async function killSomewhere(out: string): Promise<number> {
  const target = cellsIn(out).length + Math.floor(random() * (CELLS / KILLS));
  const { child, ended } = start(out, 1 + Math.floor(random() * 3));
  while (cellsIn(out).length <= target && child.exitCode === null) await sleep(5);
  await sleep(random() * 60);
  child.kill('SIGKILL');
  await ended;
  return cellsIn(out).length;
}

beforeAll(async () => {
  assertBuilt();
  mkdirSync(at('pictures'));
  writeFileSync(at('spec.yaml'), SPEC);
  for (const seed of [1, 2]) await saveImage(photo(seed, { width: 200, height: 110 }), at('pictures', `${seed}.png`));
  expect(await finish(at('undisturbed'), 1)).toBe(CELLS);
}, PATIENCE);
afterAll(() => scratch.remove());

test(
  `a study killed at random ends in the same bytes as one left alone (IR_KILL_SEED=${SEED})`,
  async () => {
    const out = at('killed');
    const found: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) found.push(await killSomewhere(out));
    // The kills hit where they should: something was done by each, and something was left.
    expect(found[0]).toBeGreaterThan(0);
    expect(found[0]).toBeLessThan(CELLS);
    const before = cellsIn(out).length;
    const computed = await finish(out);
    expect(computed).toBeLessThanOrEqual(CELLS - found[0]!);
    expect(computed).toBeGreaterThanOrEqual(CELLS - before - 3); // children may have finished theirs after the parent's death
    expect(fingerprint(out)).toEqual(fingerprint(at('undisturbed')));
    const rest = readdirSync(out, { recursive: true }).map(String);
    expect(rest.filter((name) => /\.tmp$|\.lock/.test(name))).toEqual([]);
  },
  PATIENCE,
);

test(
  'one wrong digit in one cell shows in the comparison, until the cell is computed again',
  async () => {
    const out = at('killed');
    const [name] = cellsIn(out).sort();
    const path = join(out, 'cells', name!);
    const cell = readFileSync(path, 'utf8');
    const results = readFileSync(join(out, 'results.jsonl'), 'utf8');
    const { value } = (JSON.parse(cell) as { scores: { psnr: { value: number } } }).scores.psnr;
    // As a broken comparison would have it: the wrong number in the table itself.
    writeFileSync(join(out, 'results.jsonl'), results.replace(String(value), String(value + 1e-9)));
    expect(fingerprint(out)).not.toEqual(fingerprint(at('undisturbed')));
    writeFileSync(path, cell.replace(String(value), String(value + 1e-9)));
    expect(await finish(out)).toBe(1);
    expect(fingerprint(out)).toEqual(fingerprint(at('undisturbed')));
  },
  PATIENCE,
);
