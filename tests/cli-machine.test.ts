import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledModelsDir, PROVIDERS, saveImage } from '@ir/core';
import { DISTRIBUTIONS, METRICS } from '@ir/metrics';
import { inspect } from '@ir/native';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identityGraph, notANumberGraph, restorerGraph, singleOp } from '../packages/core/src/testing/graphs.js';
import { assertBuilt, callIr, refusal, runIr, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-machine');
const at = (name: string) => join(scratch.path, name);
const ir = (args: string[], env: Record<string, string> = {}) => runIr(args, { cwd: scratch.path, env });

beforeAll(() => assertBuilt());
afterAll(() => scratch.remove());

const CALIBRATION = { schema: 'ir.calibration/1', device: 'a device', processor: 'one', crossover: { compare: 1000 } };

describe('ir inspect', () => {
  test('tells the binary, what it can run on, the calibration, every provider, versions and networks', async () => {
    writeFileSync(at('device.json'), JSON.stringify(CALIBRATION));
    const ended = await ir(['inspect', '--json'], { IR_CALIBRATION: 'device.json' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { schema, native, calibration, providers, versions, models, broken, ...rest } = JSON.parse(ended.stdout);
    expect([schema, rest, broken]).toEqual(['ir.inspect/1', {}, []]);
    expect(native).toEqual({ ...inspect(), backend: 'auto' });
    expect(calibration).toEqual({ file: 'device.json', ...CALIBRATION });
    expect(providers.map((one: { provider: string }) => one.provider)).toEqual([...PROVIDERS]);
    expect(providers[0]).toEqual({ provider: 'cpu', available: true });
    for (const { available, reason } of providers)
      expect(available ? reason === undefined : reason.length > 0).toBe(true);
    const told = { node: process.versions.node, ir: expect.any(String), 'onnxruntime-node': expect.any(String) };
    expect(versions).toMatchObject(told);
    expect(models.map((model: { manifest: { id: string } }) => model.manifest.id)).toContain('restorer-s');
  });

  test('with a binary that does not load says so, tells the rest all the same, and ends with status 3', async () => {
    writeFileSync(at('broken.node'), 'no binary');
    const { code, stdout, stderr } = await ir(['inspect'], { IR_NATIVE_BINARY: at('broken.node') });
    expect(code).toBe(3);
    expect(stderr).toContain('[IR_E_LOAD]');
    expect(stdout).toMatch(/^binary {5}none: expected a loadable addon/);
    expect(stdout).toContain(at('broken.node'));
    for (const line of [
      /\nproviders {2}cpu/,
      /\nversions {3}ir /,
      /\ncalibrated no/,
      /\nmodels {5}(.*, )?restorer-s \(bundled\)/,
    ])
      expect(stdout).toMatch(line);
  });

  test('a calibration that cannot be used is an error of every command', async () => {
    const ended = await ir(['metrics', 'list', '--json'], { IR_CALIBRATION: 'none.json' });
    expect(refusal(ended).slice(0, 2)).toEqual([2, 'IR_E_ARGUMENT']);
  });

  const withoutDevice = inspect().cuda.devices.length === 0 ? test : test.skip;
  withoutDevice('--calibrate without a device is refused with the reason, and writes nothing', async () => {
    expect(refusal(await ir(['inspect', '--calibrate', 'c.json', '--json']))).toEqual([
      3,
      'IR_E_BACKEND',
      expect.any(String),
    ]);
    expect(existsSync(at('c.json'))).toBe(false);
  });
});

describe('ir models', () => {
  test('list and verify cover the bundled networks', async () => {
    const [list, verified] = await Promise.all([ir(['models', 'list']), ir(['models', 'verify', '--json'])]);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/^id +.*\n(.* bundled .*\n)*restorer-s +.* bundled /);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    const verdicts = JSON.parse(verified.stdout).models as { id: string }[];
    expect(verdicts.find(({ id }) => id === 'restorer-s')).toMatchObject({
      id: 'restorer-s',
      ok: true,
      provider: 'cpu',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('a network that was altered, and a manifest that cannot be read, fail the check with status 1', async () => {
    const models = at('models');
    mkdirSync(at('models/nonsense'), { recursive: true });
    writeFileSync(at('models/nonsense/manifest.json'), '{"schema":"ir.model/1"}');
    cpSync(join(bundledModelsDir(), 'restorer-s'), at('models/altered'), { recursive: true });
    const manifest = JSON.parse(readFileSync(at('models/altered/manifest.json'), 'utf8'));
    const zeros = '0'.repeat(64);
    writeFileSync(
      at('models/altered/manifest.json'),
      JSON.stringify({ ...manifest, id: 'altered', graph: { ...manifest.graph, sha256: zeros } }),
    );
    const [list, all, one] = await Promise.all([
      ir(['models', 'list', '--json'], { IR_MODELS_DIR: models }),
      ir(['models', 'verify', '--json'], { IR_MODELS_DIR: models }),
      ir(['models', 'verify', 'altered'], { IR_MODELS_DIR: models }),
    ]);
    expect(JSON.parse(list.stdout)).toMatchObject({
      schema: 'ir.models/1',
      broken: [{ folder: at('models/nonsense') }],
    });
    expect(all.code).toBe(1);
    expect(JSON.parse(all.stderr).error.code).toBe('IR_E_CHECK');
    const verdicts = JSON.parse(all.stdout).models as { id: string; ok: boolean; problem?: string }[];
    expect(Object.fromEntries(verdicts.map(({ id, ok }) => [id, ok]))).toMatchObject({
      [at('models/nonsense')]: false,
      'encoder-s': true,
      'restorer-s': true,
      altered: false,
    });
    expect(verdicts.find(({ id }) => id === 'altered')!.problem).toContain(`SHA-256 ${zeros}`);
    expect(one.code).toBe(1);
    expect(one.stdout).toMatch(/^FAILED {2}altered: /);
  });
});

describe('ir models add', () => {
  const env = { IR_MODELS_DIR: at('added') };

  test('asks the graph, takes the rest from flags, and the network restores', async () => {
    writeFileSync(at('Twice Larger.onnx'), restorerGraph({ scale: 2, multiple: 2 }));
    const args = ['models', 'add', 'Twice Larger.onnx', '--licence', 'MIT', '--tasks', 'tests', '--json'];
    const added = await ir(args, env);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(added.stdout)).toMatchObject({
      schema: 'ir.model-added/1',
      origin: 'user',
      folder: at('added/twice-larger'),
      manifest: { id: 'twice-larger', scale: 2, multiple: 2, licence: 'MIT', tasks: 'tests' },
    });
    await saveImage(photo(1, { width: 33, height: 21 }), at('in.png'));
    const restored = await ir(['restore', 'in.png', '-o', 'out.png', '--model', 'twice-larger'], env);
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toContain('out.png: 66x42, twice-larger[');
    const taken = await ir([...args, '--id', 'twice-larger'], env);
    expect(refusal(taken)).toEqual([2, 'IR_E_USAGE', expect.stringContaining('twice-larger')]);
  });

  test('refuses what is no restorer, with status 2, and leaves nothing behind', async () => {
    const whole = identityGraph();
    writeFileSync(at('nan.onnx'), notANumberGraph());
    writeFileSync(at('cut.onnx'), whole.subarray(0, whole.length >> 1));
    writeFileSync(at('none.onnx'), '');
    writeFileSync(at('flat.onnx'), singleOp('Flatten', { output: { name: 'output', shape: ['n', 'k'] } }));
    process.env.IR_MODELS_DIR = at('refused');
    const told: Record<string, readonly unknown[]> = {};
    for (const name of ['nan', 'cut', 'none', 'flat', 'missing'])
      told[name] = refusal(await callIr('models', 'add', at(`${name}.onnx`), '--json')).slice(0, 2);
    delete process.env.IR_MODELS_DIR;
    const refused = [2, 'IR_E_MODEL'];
    expect(told).toEqual({ nan: refused, cut: refused, none: refused, flat: refused, missing: refused });
    expect(existsSync(at('refused')) ? readdirSync(at('refused')) : []).toEqual([]);
  });
});

describe('ir metrics', () => {
  test('list names every metric, and describe gives all that its number depends on', async () => {
    const [list, described] = await Promise.all([
      ir(['metrics', 'list', '--json']),
      ir(['metrics', 'describe', 'ssim-y']),
    ]);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const { metrics } = JSON.parse(list.stdout);
    expect(metrics.map((one: { alias: string }) => one.alias)).toEqual([
      ...METRICS.map((one) => one.alias),
      ...Object.keys(DISTRIBUTIONS),
    ]);
    expect(metrics[0]).toEqual({
      alias: 'psnr',
      id: 'psnr[rgb,peak=255,crop=0]@1',
      describe: expect.any(String),
      direction: 'higher',
      range: [0, null],
      needs: { reference: true },
      source: expect.any(String),
      of: 'pictures',
    });
    expect(described.stdout).toContain('identity  ssim[y-studio,win=gauss11-1.5,border=valid,crop=0]@1');
  });
});

test('a reader that closes the pipe early is no error', async () => {
  const program = fileURLToPath(new URL('../packages/cli/bin/ir.js', import.meta.url));
  const child = spawn(process.execPath, [program, 'models', 'list', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
