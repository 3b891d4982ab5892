import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, saveImage } from '@ir/core';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assertBuilt, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const folder = fileURLToPath(new URL('../docs/examples/', import.meta.url));
const scratch = scratchFolder('examples');
const at = (name: string) => join(scratch.path, name);

/** Runs an example as its first lines say. */
async function example(name: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(folder, name), ...args], { cwd: scratch.path });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    text.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
}

beforeAll(() => assertBuilt());
afterAll(() => scratch.remove());

test('every example of docs/examples is run here', () => {
  expect(readdirSync(folder).sort()).toEqual(['restore.mjs']);
});

test('restore.mjs degrades, restores and scores, and tells its progress', async () => {
  await saveImage(photo(1, { width: 208, height: 112 }), at('photo.png'));
  const { code, stdout, stderr } = await example('restore.mjs', 'photo.png', 'out.png');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^psnr: [\d.]+ -> [\d.]+ \(higher is better\)\nssim-y: .*\nniqe: [\d.]+ -> [\d.]+ \(lower is better\)\n$/,
  );
  expect(stderr).toMatch(/^blur: 1 of 2\nnoise: 2 of 2\nrestore: 0 of 1\nrestore: 1 of 1\n$/);
  expect(await decode(at('out.png'))).toMatchObject({ width: 208, height: 112, depth: 8 });
});

test('restore.mjs tells an error by its code, and writes nothing', async () => {
  const { code, stdout, stderr } = await example('restore.mjs', 'missing.png', 'none.png');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^IR_E_NOT_FOUND: missing\.png: expected a readable picture file/);
  expect(existsSync(at('none.png'))).toBe(false);
});
