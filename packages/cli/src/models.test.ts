import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identityGraph } from '../../core/src/testing/graphs.js';
import { useModels } from '../../core/src/testing/models-folder.js';
import { ir } from './testing/ir.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-cli-models-'));
const at = (...names: string[]) => join(folder, ...names);
let restoreModels: () => void;

beforeAll(async () => {
  restoreModels = useModels(at('models'));
  writeFileSync(at('net.onnx'), identityGraph());
  for (const id of ['net', 'sharpener']) await ir('models', 'add', at('net.onnx'), '--id', id, '--reach', '16');
  mkdirSync(at('models', 'wreck'));
  writeFileSync(at('models', 'wreck', 'manifest.json'), '{}');
});
afterAll(() => {
  restoreModels();
  rmSync(folder, { recursive: true, force: true });
});

describe('ir models remove', () => {
  test('takes away what was added; other commands no longer know it', async () => {
    expect(await ir('models', 'remove', 'net', '--json')).toEqual({
      code: 0,
      stdout: `${JSON.stringify({ schema: 'ir.model-removed/1', id: 'net', folder: at('models', 'net') })}\n`,
      stderr: '',
    });
    expect(existsSync(at('models', 'net'))).toBe(false);
    expect((await ir('models', 'list')).stdout).not.toMatch(/^net /m);
    expect((await ir('models', 'verify', 'net')).stderr).toContain('[IR_E_UNKNOWN_NAME]');
  });

  test('one that is not usable says how it is removed, and is', async () => {
    expect((await ir('restore', 'a.png', '-o', at('b.png'), '--model', 'wreck')).stderr).toContain('wreck');
    const { code, stdout } = await ir('models', 'remove', 'wreck');
    expect([code, stdout]).toEqual([0, `wreck: removed, with ${at('models', 'wreck')}\n`]);
    expect((await ir('models', 'list')).stderr).toBe('');
  });

  test('bundled and unknown ones are refused with status 2, and nothing is taken away', async () => {
    const bundled = await ir('models', 'remove', 'restorer-s');
    expect([bundled.code, bundled.stderr]).toEqual([2, expect.stringContaining('which comes with ir')]);
    const unknown = await ir('models', 'remove', 'sharpner', '--json');
    expect(unknown.code).toBe(2);
    expect(JSON.parse(unknown.stderr).error).toEqual({
      code: 'IR_E_UNKNOWN_NAME',
      message: expect.stringContaining('Did you mean "sharpener"?'),
    });
    expect((await ir('models', 'list')).stdout).toMatch(/^restorer-s /m);
  });
});
