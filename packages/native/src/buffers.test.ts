import { spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { denoiseStep, gaussianBlur, inspect, sharedMemory } from './index.js';

const SCRIPT = fileURLToPath(new URL('../test-support/buffers.cjs', import.meta.url));

/** Runs a scenario in a process of its own, so that a crash is a failed test. */
function scenario(name: string, buffers: 'pin' | 'copy' | '' = '') {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', SCRIPT, inspect().binary, name],
    { encoding: 'utf8', env: { ...process.env, IR_NATIVE_BUFFERS: buffers } },
  );
  if (status !== 0) throw new Error(`${name}: ended by ${signal ?? `exit code ${status}`}\n${stderr}`);
  return JSON.parse(stdout) as {
    buffers: string;
    detached?: boolean;
    end?: string;
    right?: boolean;
    grownMiB?: number;
  };
}

const strategies = inspect().buffers === 'pinned' ? (['pin', 'copy'] as const) : (['copy'] as const);
const LOST = /^IR_E_ARGUMENT: expected dst to be left alone while the kernel ran; .*the result is lost$/;

describe.each(strategies)('buffers (%s)', (strategy) => {
  test('are what IR_NATIVE_BUFFERS says', () => {
    expect(scenario('small', strategy)).toEqual({ buffers: strategy === 'pin' ? 'pinned' : 'copied', right: true });
  });

  test.each(['structuredClone', 'postMessage', 'resize'])(
    'an input lost by %s is read to its end all the same',
    (way) => {
      expect(scenario(`src ${way}`, strategy)).toMatchObject({ detached: true, end: 'resolved', right: true });
    },
  );

  test.each(['structuredClone', 'postMessage', 'resize'])('an output lost by %s is an error, not a result', (way) => {
    expect(scenario(`dst ${way}`, strategy)).toMatchObject({ detached: true, end: expect.stringMatching(LOST) });
  });

  test('an input in a WebAssembly memory that grows is read to its end', () => {
    expect(scenario('wasm', strategy)).toMatchObject({ detached: true, end: 'resolved', right: true });
  });

  test('shared memory is read and written in place', () => {
    expect(scenario('shared', strategy)).toMatchObject({ right: true });
  });
});

test('where buffers are pinned the kernel writes into the memory itself, whoever owns it by then', () => {
  if (inspect().buffers !== 'pinned') return;
  expect(scenario('followed')).toMatchObject({ end: expect.stringMatching(LOST), right: true });
});

test('an unknown strategy is an error', () => {
  expect(() => scenario('small', 'pni' as 'pin')).toThrow(/expected IR_NATIVE_BUFFERS to be pin or copy, got "pni"/);
});

test('ten thousand calls leave no memory behind', () => {
  expect(scenario('memory').grownMiB).toBeLessThan(32); // one operand of each call kept would be 360 MiB
});

test('worker threads may end or be terminated in the middle of kernels', () => {
  expect(scenario('workers')).toMatchObject({ end: 'resolved' });
});

describe('views', () => {
  test('of a resizable buffer that follow its length are taken at the length of the call', async () => {
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(16, {
      maxByteLength: 64,
    });
    const z = new Float32Array(buffer);
    (buffer as ArrayBuffer & { resize(bytes: number): void }).resize(32);
    z.fill(3);
    expect(await denoiseStep({ z, out: new Float32Array(8), a: 2 })).toEqual(new Float32Array(8).fill(6));
  });

  test('of zero length are an empty job', async () => {
    expect(await denoiseStep({ z: new Float32Array(0), out: new Float32Array(0), a: 1 })).toHaveLength(0);
  });

  test('Uint8ClampedArray and Buffer are bytes', async () => {
    const data = Uint8Array.from({ length: 48 }, (_, i) => 5 * i);
    const size = { width: 4, height: 4, channels: 3 };
    const expected = (await gaussianBlur({ data, ...size }, { sigma: 1 })).data;
    for (const same of [new Uint8ClampedArray(data), Buffer.from(data)])
      expect([...(await gaussianBlur({ data: same, ...size }, { sigma: 1 })).data]).toEqual([...expected]);
  });
});

(process.platform === 'linux' ? describe : describe.skip)('memory shared with a child', () => {
  const child = (addon: string, descriptor: number, script: string, ...args: string[]) =>
    spawnSync(process.execPath, ['-e', `const addon = require(process.argv[1]); ${script}`, addon, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', descriptor],
    });

  test('is seen by both; kernels work on it; the descriptor may be closed', async () => {
    const { memory, descriptor, addon } = sharedMemory(8192);
    const values = new Float32Array(memory, 64, 16).fill(3);
    const double = 'const v = new Float32Array(addon.mapMemory(3, 8192), 64, 16); for (const i in v) v[i] *= 2;';
    expect(child(addon, descriptor, double).stderr).toBe('');
    closeSync(descriptor);
    expect(new Set(values)).toEqual(new Set([6]));
    await denoiseStep({ z: values, out: values, a: 0.5 });
    expect(new Set(values)).toEqual(new Set([3]));
  });

  test.each([
    ['nothing', 0],
    ['a part of a byte', 1.5],
    ['more than there can be', 2 ** 41],
    ['no number', Number.NaN],
  ])('cannot be %s', (_, bytes) => {
    expect(() => sharedMemory(bytes)).toThrow(/^expected a whole number of bytes in 1\.\.2\^40/);
  });

  test('is not mapped beyond its end, where it could not be touched', () => {
    const { descriptor, addon } = sharedMemory(4096);
    const { stderr } = child(addon, descriptor, 'addon.mapMemory(3, 8192);');
    closeSync(descriptor);
    expect(stderr).toMatch(/expected a file of at least 8192 bytes to map, got 4096/);
  });
});
