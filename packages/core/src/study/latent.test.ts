import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { saveImage } from '../image/encode.js';
import { formulaPicture } from '../restorer/latent/testing/models.js';
import type { StudyOptions } from './contract.js';
import { planStudy, readStudy, runStudy } from './index.js';
import { parseStudySpec } from './spec.js';
import { setup } from './testing/latent-registry.mjs';

// Sweeps over settings of a latent diffusion model, with child processes on the built package.
let home: string;
let options: (out: string) => StudyOptions;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ir-latent-study-'));
  const image = join(home, 'a.png');
  await saveImage(formulaPicture(64, 64), image);
  const registry = await setup();
  const registryModule = new URL('./testing/latent-registry.mjs', import.meta.url).href;
  options = (out) => ({ images: [image], out: join(home, out), registry, registryModule, jobs: 1 });
});
afterAll(() => rm(home, { recursive: true }));

const spec = (changes: object) =>
  parseStudySpec({
    schema: 'ir.study/1',
    title: 'tiny',
    degradations: ['Blur1'],
    restorers: ['none'],
    metrics: ['distance'],
    ...changes,
  });
const CLDM = { id: 'diffbir-tiny', settings: { sampler: 'ddim', steps: 3 } };

const alive = (pid: number): boolean => {
  try {
    // A process that has ended and not been waited for still has a number.
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a sweep', () => {
  test('is one cell a place, and every graph stands in its address and in the run’s manifest', async () => {
    const sweep = spec({ restorers: ['none', { ...CLDM, sweep: { 'start.time': [100, 900] } }], seeds: [0, 1] });
    const { computed, failed } = await runStudy(sweep, options('sweep'));
    expect([computed, failed]).toEqual([5, []]); // the picture as it came draws nothing: once
    const { rows, manifest } = await readStudy(join(home, 'sweep'));
    expect(rows.map(({ restorer, seed }) => `${restorer.label} ${seed}`)).toEqual([
      'none 0',
      'diffbir-tiny start.time=100 0',
      'diffbir-tiny start.time=900 0',
      'diffbir-tiny start.time=100 1',
      'diffbir-tiny start.time=900 1',
    ]);
    expect(new Set(rows.map(({ scores }) => scores?.distance?.value)).size).toBe(5);
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    const parts = ['initial', 'encoder', 'decoder', 'control', 'denoiser', 'text.encoders.0'];
    expect(manifest.models).toMatchObject(Object.fromEntries(parts.map((part) => [`diffbir-tiny ${part}`, hash])));
    const timings = (await readFile(join(home, 'sweep', 'timings.jsonl'), 'utf8')).trimEnd().split('\n');
    for (const { peakMemory, milliseconds } of timings.map((line) => JSON.parse(line))) {
      expect(milliseconds.restore).toBeGreaterThanOrEqual(0);
      if (process.platform !== 'linux') continue; // without /proc it is not known
      expect(peakMemory).toBeGreaterThan(3e7); // Node alone takes more
      expect(peakMemory).toBeLessThan(4e9);
    }
    const { address } = JSON.parse(await readFile(join(home, 'sweep', 'cells', `${rows[1]!.cell}.json`), 'utf8'));
    expect(address.restorer.model).toMatchObject({
      id: 'diffbir-tiny',
      manifest: hash,
      parts: Object.fromEntries(parts.map((part) => [part, manifest.models[`diffbir-tiny ${part}`]])),
    });
  });

  test.each<[string, object, string, RegExp]>([
    ['a start outside the schedule', { 'start.time': [10, 1000] }, 'IR_E_USAGE', /start\.time.*0\.\.999, got 1000/],
    ['a share above the whole', { 'start.fraction': [1.5] }, 'IR_E_SCHEMA', /diffbir-tiny settings.*1\.5/],
    ['no steps', { steps: [0] }, 'IR_E_SCHEMA', /steps: expected .*1, got 0/],
    ['more steps than times', { steps: [1001] }, 'IR_E_USAGE', /steps: expected at most the schedule's 1000/],
    ['a setting that there is not', { stepps: [1] }, 'IR_E_SCHEMA', /"stepps".*"steps"/],
  ])('%s is refused before any work', async (_, sweep, code, message) => {
    const call = runStudy(spec({ restorers: ['none', { ...CLDM, sweep }] }), options('refused'));
    await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(existsSync(join(home, 'refused'))).toBe(false);
  });
});

describe('an accident to a network', () => {
  const unlucky = (settings: object, label: string) => ({
    id: 'unlucky-diffbir-tiny',
    label,
    settings: { ...CLDM.settings, ...settings },
  });
  const pidsIn = (file: string) => readFileSync(file, 'utf8').split('\n').map(Number);

  test('killed, its cell is tried again, fails by itself, and the others go on', async () => {
    const [once, always] = [join(home, 'once'), join(home, 'always')];
    const restorers = [
      unlucky({ signal: 'SIGKILL', file: once, once: true }, 'once'),
      unlucky({ signal: 'SIGKILL', file: always }, 'always'),
      CLDM,
    ];
    const { computed, failed } = await runStudy(spec({ restorers }), options('killed'));
    expect(computed).toBe(2);
    expect(failed.map(({ cell, code, message }) => [cell.restorer.label, code, message])).toEqual([
      ['always', 'IR_E_WORKER', expect.stringMatching(/^diffbir-tiny \w+: expected its process to live, got SIGKILL/)],
    ]);
    expect(existsSync(once)).toBe(true);
  });

  test('hanging, its cell ends when its time is over, with every process of it, and the others go on', async () => {
    const file = join(home, 'stopped');
    const restorers = [unlucky({ signal: 'SIGSTOP', file }, 'hanging'), CLDM];
    const { computed, failed } = await runStudy(spec({ restorers, cellMinutes: 0.25 }), options('hanging'));
    expect(computed).toBe(1);
    expect(failed.map(({ code, message }) => [code, message])).toEqual([
      [
        'IR_E_TIMEOUT',
        expect.stringMatching(/^hanging on a\.png at Blur1: expected a result within 0\.25 minutes, got none/),
      ],
    ]);
    expect(pidsIn(file).length).toBeGreaterThan(3);
    expect(pidsIn(file).filter(alive)).toEqual([]);
  });
});

test('a plan opens the graphs of a sweep once', async () => {
  const { restorers } = await setup();
  const definition = restorers.find(({ id }) => id === CLDM.id)!;
  const networks = new Set<unknown>();
  const watched = {
    ...definition,
    async create(settings: Readonly<Record<string, unknown>>) {
      const restorer = await definition.create(settings);
      networks.add((restorer as unknown as { parts: unknown }).parts);
      return restorer;
    },
  };
  const registry = { metrics: (await setup()).metrics, restorers: [watched] };
  const sweep = spec({ restorers: [{ ...CLDM, sweep: { steps: [1, 2, 3] } }] });
  expect((await planStudy(sweep, { ...options('plan'), registry })).cells).toHaveLength(3);
  expect(networks.size).toBe(1);
});
