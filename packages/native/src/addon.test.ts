import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { IrNativeError, inspect } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-addon-'));
const binary = inspect().binary;
const VARIABLES = ['IR_NATIVE_BINARY', 'IR_NATIVE_TRIAL', 'IR_NATIVE_TRIED'] as const;
const before = VARIABLES.map((name) => process.env[name]);

beforeEach(() => {
  for (const name of VARIABLES) delete process.env[name];
  jest.resetModules(); // a loaded addon is kept
});
afterEach(() =>
  VARIABLES.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** What loading this file says. */
async function diagnosis(path: string): Promise<string> {
  process.env.IR_NATIVE_BINARY = path;
  const { load } = await import('./addon.js');
  try {
    load();
  } catch (error) {
    expect(error).toMatchObject({ name: 'IrNativeError', code: 'IR_E_LOAD' });
    return (error as Error).message;
  }
  throw new Error(`${path} was loaded`);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A library made of one C++ function; undefined where there is no compiler. */
function library(name: string, source: string): string | undefined {
  const [path, code] = [join(folder, name), file(`${name}.cpp`, source)];
  return spawnSync('c++', ['-shared', '-fPIC', '-o', path, code]).status === 0 ? path : undefined;
}

describe('a binary that does not load is diagnosed: what was tried, why it failed, what to do', () => {
  test('missing', async () => {
    const path = join(folder, 'nowhere.node');
    const text = await diagnosis(path);
    expect(text).toMatch(/^expected a loadable addon of @ir\/native \(\w+-\w+, node v\d+/);
    expect(text).toContain(`${path}: no such file`);
    expect(text).toMatch(/Build it with `npm run build`; needed are CMake .* and a C\+\+17 compiler/);
  });

  test('the places of a build are both named when none is forced', async () => {
    jest.unstable_mockModule('node:fs', () => ({ existsSync: () => false, statSync: () => undefined }));
    const { load } = await import('./addon.js');
    expect(() => load()).toThrow(
      /build\/Release\/ir_native.node: no such file\n.*build\/Debug\/ir_native.node: no such file/,
    );
    jest.unstable_unmockModule('node:fs');
  });

  test('not a library', async () => {
    const text = await diagnosis(file('text.node', 'this is no library'));
    expect(text).toMatch(/text.node: .*(file too short|invalid ELF header|Error)/);
  });

  test('cut off in the middle', async () => {
    const whole = readFileSync(binary);
    const text = await diagnosis(file('half.node', whole.subarray(0, whole.length >> 1)));
    expect(text).toMatch(/half.node: (Error: .+|it crashed on loading \(SIG\w+\))/);
  });

  test('for another platform', async () => {
    const text = await diagnosis(file('foreign.node', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(4096)])));
    expect(text).toMatch(/invalid ELF header.*\n.*for another platform: rebuild it here/s);
  });

  test('for a newer system', async () => {
    if (process.platform !== 'linux') return;
    const whole = readFileSync(binary);
    const at = whole.indexOf('GLIBC_2.', 0, 'latin1');
    whole.write('GLIBC_9.', at, 'latin1');
    const text = await diagnosis(file('newer.node', whole));
    expect(text).toMatch(/GLIBC_9\.\d+' not found.*\nThe binary was built for a newer system: rebuild it here/s);
  });

  test('crashing on loading takes a child process with it, not this one', async () => {
    const path = library(
      'crash.node',
      '#include <cstdlib>\n__attribute__((constructor)) static void f() { std::abort(); }\n',
    );
    if (!path) return console.warn('SKIPPED: no C++ compiler');
    expect(await diagnosis(path)).toContain('crash.node: it crashed on loading (SIGABRT)');
  });

  test('a library that is no addon', async () => {
    const path = library('other.node', 'extern "C" int nothing() { return 0; }\n');
    if (!path) return console.warn('SKIPPED: no C++ compiler');
    expect(await diagnosis(path)).toMatch(/other.node: Error: Module did not self-register/);
  });

  test('every call then fails with the same error', async () => {
    process.env.IR_NATIVE_BINARY = join(folder, 'nowhere.node');
    const { gaussianBlur } = await import('./kernels.js');
    const p = { data: new Float32Array(9), width: 3, height: 3, channels: 1 };
    for (let i = 0; i < 2; i++)
      await expect(gaussianBlur(p, { sigma: 1 })).rejects.toMatchObject({ code: 'IR_E_LOAD' });
  });
});

describe('the trial in a child process', () => {
  test('is told to children, so that each file is tried once', async () => {
    process.env.IR_NATIVE_BINARY = binary;
    const { load } = await import('./addon.js');
    expect(load().path).toBe(binary);
    expect(process.env.IR_NATIVE_TRIED).toMatch(new RegExp(`^${binary}:\\d+:`));
  });

  test('can be switched off', async () => {
    process.env.IR_NATIVE_BINARY = binary;
    process.env.IR_NATIVE_TRIAL = '0';
    const { load } = await import('./addon.js');
    expect(load().addon.inspect().kernels).toContain('compare');
    expect(process.env.IR_NATIVE_TRIED).toBeUndefined();
  });
});

describe('errors', () => {
  test('of the addon keep their code and cause; others pass through', () => {
    const native = Object.assign(new Error('expected x'), { code: 'IR_E_SHAPE' });
    const told = IrNativeError.from(native) as IrNativeError;
    expect(told).toMatchObject({ name: 'IrNativeError', code: 'IR_E_SHAPE', message: 'expected x', cause: native });
    expect(IrNativeError.from(told)).toBe(told);
    for (const other of [new TypeError('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), undefined, 'text'])
      expect(IrNativeError.from(other)).toBe(other);
  });

  test('are told as data with their causes', () => {
    const error = new IrNativeError('IR_E_LOAD', 'no addon', { cause: new Error('why') });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'IrNativeError',
      code: 'IR_E_LOAD',
      message: 'no addon',
      cause: { name: 'Error', message: 'why' },
    });
  });
});
