import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProfileReport, profileSchema, saveImage } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useModels } from '../../core/src/testing/models-folder.js';
import { ir } from './testing/ir.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-cli-profile-'));
const at = (name: string) => join(folder, name);
let restoreModels: () => void;

beforeAll(async () => {
  restoreModels = useModels(fileURLToPath(new URL('../../core/goldens/latent', import.meta.url)));
  mkdirSync(at('photos'));
  for (const k of [3, 7]) {
    const data = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => ((i * k) % 256) / 255);
    await saveImage({ width: 64, height: 64, channels: 3, depth: 8, data }, at(`photos/${k}.png`));
  }
});
afterAll(() => {
  restoreModels();
  rmSync(folder, { recursive: true, force: true });
});

const SMALL = ['profile', '--size', '64x64', '--runs', '2', '--warmup', '0', '--threads', '1'];

describe('ir profile', () => {
  test('measures what is named; guidance doubles the passes of control and denoiser', async () => {
    const two = ['--model', 'none', '--model', 'diffbir-tiny'];
    const { code, stdout, stderr } = await ir(...SMALL, ...two, '--steps', '3', '--guidance', '2', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const report = profileSchema.parse(JSON.parse(stdout));
    expect(report.restorers.map(({ id }) => id)).toEqual(['none', 'diffbir-tiny']);
    expect(report.restorers[1]!.evaluations.parts).toMatchObject({ control: 6, denoiser: 6, decoder: 1 });
    expect(report.restorers[1]!.settings).toEqual({ steps: 3, guidance: 2 });
  });

  test('for people: a line a restorer, its parts, its sampling, and how it was measured', async () => {
    const { code, stdout } = await ir(...SMALL, '--model', 'supir-tiny', '--steps', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^restorer +parameters +passes +median +p95/);
    expect(stdout).toMatch(/^supir-tiny .* denoiser 12\.3 k/m);
    expect(stdout).toMatch(/^restorer +sampling +in networks +transfer +sampler and noise +outside$/m);
    expect(stdout).toMatch(/peak memory: /);
  });

  test('with photographs: metrics beside the costs, Figure 4a and 4b, a page, Markdown and the same JSON', async () => {
    const out = at('figure-4');
    const wanted = ['--model', 'none', '--model', 'restorer-s', '--images', at('photos'), '-m', 'psnr,niqe'];
    const { code, stdout } = await ir(...SMALL, ...wanted, '--preset', 'SR2', '-o', out, '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as ProfileReport;
    for (const { quality } of report.restorers) {
      expect(quality.psnr).toMatchObject({ n: 2, direction: 'higher', mean: expect.any(Number) });
      expect(quality.niqe).toMatchObject({ n: 0, mean: null, undefined: { 'too-small': 2 } });
    }
    // NIQE is not defined for pictures as small as these: there is nothing to draw of it.
    expect(readdirSync(out).sort()).toEqual([
      'figure-4a-psnr.png',
      'figure-4a-psnr.svg',
      'figure-4b-psnr.png',
      'figure-4b-psnr.svg',
      'index.html',
      'profile.json',
      'profile.md',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'profile.json'), 'utf8'))).toEqual(report);
    const svg = readFileSync(join(out, 'figure-4a-psnr.svg'), 'utf8');
    for (const words of ['restorer-s: PSNR', 'none: PSNR', 'higher is better', 'parameters'])
      expect(svg).toContain(words);
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).not.toMatch(/(src|href)="https?:/);
    const md = readFileSync(join(out, 'profile.md'), 'utf8');
    expect(md).toContain('](figure-4b-psnr.svg)');
    expect(md).toMatch(/^\| none \| 0 \| 0 \|/m);
  });

  test('a restorer that refuses the degradation is told on stderr, and the rest is measured', async () => {
    const { code, stdout, stderr } = await ir(...SMALL, '--model', 'none', '--model', 'wiener', '--preset', 'SR4');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^none /m);
    expect(stderr).toMatch(/^left out: wiener: .*exactly one blur/m);
  });
});

test('ir restore reports its peak memory', async () => {
  const restore = ['restore', at('photos/3.png'), '-o', at('out.png')];
  const { stdout } = await ir(...restore, '--json');
  const { memory } = JSON.parse(stdout);
  expect(memory.own).toBeGreaterThan(10e6);
  if (process.platform === 'linux') expect(memory.bytes).toBe(memory.own + memory.networks);
  expect((await ir(...restore)).stdout).toMatch(/, peak memory \d+ MiB$/m);
});

test('ir restore and ir profile take tiles by --tile and by --set alike', async () => {
  const restore = ['restore', at('photos/3.png'), '-o', at('out.png'), '--threads', '1', '--json'];
  const told = [];
  for (const tile of [
    ['--tile', '32+16'],
    ['--set', 'tile=32+16'],
  ]) {
    const { stdout } = await ir(...restore, ...tile);
    const profiled = await ir(...SMALL, '--runs', '1', '--model', 'restorer-s', ...tile, '--json');
    told.push([JSON.parse(stdout).identity, JSON.parse(profiled.stdout).restorers[0].identity]);
  }
  expect(told[0]![0]).toContain('tile=32+16');
  expect(told[1]).toEqual(told[0]);
  const { stderr } = await ir(...restore.slice(0, -1), '--set', 'tile=32+16');
  expect(stderr).toContain('tiles overlap by 16: their borders may show');
});
