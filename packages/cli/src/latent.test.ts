import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, saveImage } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useModels } from '../../core/src/testing/models-folder.js';
import { ir } from './testing/ir.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-cli-latent-'));
const at = (name: string) => join(folder, name);
let restoreModels: () => void;

beforeAll(async () => {
  // Two tiny models with the ports of DiffBIR and SUPIR (training/export/tiny_ldm.py).
  restoreModels = useModels(fileURLToPath(new URL('../../core/goldens/latent', import.meta.url)));
  const data = Float32Array.from({ length: 3 * 48 * 40 }, (_, i) => ((i * 7) % 256) / 255);
  await saveImage({ width: 48, height: 40, channels: 3, depth: 8, data }, at('in.png'));
});
afterAll(() => {
  restoreModels();
  rmSync(folder, { recursive: true, force: true });
});

describe('latent diffusion models on the command line', () => {
  test('are listed with the parameters of all parts', async () => {
    const { code, stdout } = await ir('models', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^diffbir-tiny +latent-diffusion +0\.0\d /m);
    expect(stdout).toMatch(/^supir-tiny +latent-diffusion /m);
  });

  test('restore by the settings given, the same bytes for the same seed', async () => {
    const restore = (out: string, ...more: string[]) =>
      ir('restore', at('in.png'), '-o', at(out), '--model', 'supir-tiny', '--set', 'steps=2', '--json', ...more);
    const first = await restore('a.png', '--seed', '5', '--set', 'sampler={"name":"edm","churn":2}');
    expect([first.code, first.stderr]).toEqual([0, '']);
    const { identity, ran } = JSON.parse(first.stdout);
    expect(identity).toContain('sampler.churn=2');
    expect(ran.provider).toBe('cpu');
    await restore('b.png', '--seed', '5', '--set', 'sampler={"name":"edm","churn":2}');
    const [a, b] = await Promise.all(['a.png', 'b.png'].map((name) => decode(at(name))));
    expect(b!.data).toEqual(a!.data);
  });

  test('what does not fit ends with status 2 before any work', async () => {
    const { code, stderr } = await ir(
      'restore',
      at('in.png'),
      '-o',
      at('d.png'),
      '--model',
      'diffbir-tiny',
      '--set',
      'sampler=ddin',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/sampler.name: .*Did you mean "ddim"/);
  });

  test('one that is broken is told apart from one that is not there, with what is wrong', async () => {
    const models = process.env.IR_MODELS_DIR!;
    process.env.IR_MODELS_DIR = at('models');
    try {
      cpSync(join(models, 'diffbir-tiny'), at('models/half'), { recursive: true });
      const { parts, ...manifest } = JSON.parse(readFileSync(join(models, 'diffbir-tiny/manifest.json'), 'utf8'));
      const { decoder: _, ...left } = parts;
      writeFileSync(at('models/half/manifest.json'), JSON.stringify({ ...manifest, id: 'half', parts: left }));
      const says =
        /half is installed but cannot be used: .*parts.decoder: expected an object, got nothing.* \[IR_E_MODEL\]/s;
      const spec = at('half.yaml');
      const study = { schema: 'ir.study/1', title: 't', degradations: ['SR2'], metrics: ['psnr'] };
      writeFileSync(spec, JSON.stringify({ ...study, restorers: ['none', { id: 'half', optional: true }] }));
      for (const argv of [
        ['restore', at('in.png'), '-o', at('h.png'), '--model', 'half'],
        ['study', 'run', spec, '--out', at('half-out')],
        ['profile', '--model', 'half', '--size', '64x64'],
      ]) {
        const { code, stderr } = await ir(...argv);
        expect([argv[0], code]).toEqual([argv[0], 2]);
        expect(stderr).toMatch(says);
      }
      expect(existsSync(at('half-out'))).toBe(false);
      const verified = await ir('models', 'verify', 'half');
      expect(verified.code).toBe(1);
      expect(verified.stdout).toMatch(/^FAILED .*half: .*parts.decoder: expected an object/);
    } finally {
      process.env.IR_MODELS_DIR = models;
    }
  });
});
