import { afterEach, describe, expect, test } from '@jest/globals';
import { gaussianBlur, inspect, type Ran } from './index.js';
import { resolveOptions } from './options.js';

const VARIABLES = ['IR_NATIVE_THREADS', 'IR_NATIVE_VARIANT', 'IR_NATIVE_BACKEND'] as const;
const before = VARIABLES.map((name) => process.env[name]);

afterEach(() => {
  VARIABLES.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  });
});

describe('how a kernel runs', () => {
  test('an option beats a variable, a variable beats the default', () => {
    process.env.IR_NATIVE_THREADS = '3';
    process.env.IR_NATIVE_VARIANT = 'base';
    process.env.IR_NATIVE_BACKEND = 'cpu';
    expect(resolveOptions()).toEqual({ threads: 3, variant: 'base', backend: 'cpu' });
    expect(resolveOptions({ threads: 5, variant: 'auto', backend: 'auto' })).toEqual({
      threads: 5,
      variant: 'auto',
      backend: 'auto',
    });
    for (const name of VARIABLES) process.env[name] = '';
    expect(resolveOptions()).toMatchObject({ variant: 'auto', backend: 'auto' });
  });

  test('variables reach the kernel and the inspection', async () => {
    process.env.IR_NATIVE_THREADS = '2';
    process.env.IR_NATIVE_VARIANT = 'base';
    const ran: Ran[] = [];
    const p = { data: new Float32Array(9), width: 3, height: 3, channels: 1 };
    await gaussianBlur(p, { sigma: 1 }, { onRan: (r) => ran.push(r) });
    expect(ran).toEqual([{ kernel: 'gaussianBlur', backend: 'cpu', variant: 'base', threads: 2 }]);
    expect(inspect()).toMatchObject({ variant: 'base', threads: 2 });
  });

  test.each([
    ['IR_NATIVE_THREADS', '0', 'an integer in 1..1024'],
    ['IR_NATIVE_THREADS', 'two', 'an integer in 1..1024'],
    ['IR_NATIVE_THREADS', '1.5', 'an integer in 1..1024'],
    ['IR_NATIVE_VARIANT', 'avx3', 'one of auto, base, avx2, avx512'],
    ['IR_NATIVE_BACKEND', 'gpu', 'one of auto, cpu, cuda'],
  ])('a bad variable is an error that names it: %s=%s', (name, value, expected) => {
    process.env[name] = value;
    expect(() => resolveOptions()).toThrow(
      expect.objectContaining({ code: 'IR_E_ARGUMENT', message: `expected ${name} to be ${expected}, got "${value}"` }),
    );
  });

  test('forcing CUDA by variable without a device is an error', async () => {
    if (inspect().cuda.devices.length > 0) return;
    process.env.IR_NATIVE_BACKEND = 'cuda';
    const p = { data: new Float32Array(9), width: 3, height: 3, channels: 1 };
    await expect(gaussianBlur(p, { sigma: 1 })).rejects.toMatchObject({ code: 'IR_E_BACKEND' });
  });
});

test('the inspection says what would run here, and why', () => {
  const report = inspect();
  expect(report.binary).toMatch(/ir_native\.node$/);
  expect(report.variants.base).toBe(true);
  expect(report.variants[report.variant]).toBe(true);
  expect(report.compiler).not.toBe('');
  expect(report.kernels).toEqual(expect.arrayContaining(['gaussianBlur', 'denoiseStep', 'compare', 'niqeFeatures']));
  expect(report.cuda.devices.length > 0 || report.cuda.reason !== '').toBe(true);
});
