import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  describeValue,
  ERROR_CLASSES,
  exitCodeOf,
  InputError,
  IrError,
  parseWith,
  suggest,
  UsageError,
  unknownName,
  writing,
} from '../errors.js';

const step = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('blur'), sigma: z.number().min(0.1).max(50), size: z.int().optional() }),
  z.strictObject({ kind: z.literal('jpeg'), quality: z.int().min(1).max(100) }),
]);
const spec = z.strictObject({
  name: z.string().min(1),
  steps: z.array(step).min(1),
  border: z.enum(['reflect-101', 'symmetric']).default('symmetric'),
  long: z.union([z.literal('none'), z.strictObject({ side: z.number() })]).optional(),
});

const complaint = (value: unknown): string => {
  try {
    parseWith(spec, value, 'spec.yaml');
  } catch (error) {
    expect((error as IrError).code).toBe('IR_E_SCHEMA');
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

const good = { name: 'a', steps: [{ kind: 'blur', sigma: 2 }] };

describe('parseWith', () => {
  test('gives the parsed value, defaults filled in', () => {
    expect(parseWith(spec, good, 'spec.yaml')).toEqual({ ...good, border: 'symmetric' });
  });

  test.each([
    [{ ...good, boarder: 1 }, 'spec.yaml: expected only known keys, got "boarder". Did you mean "border"?'],
    [
      { ...good, steps: [{ kind: 'blur', sigmma: 2, sigma: 1 }] },
      'spec.yaml.steps[0]: expected only known keys, got "sigmma". Did you mean "sigma"?',
    ],
    [
      { ...good, steps: [{ kind: 'jpeg', quality: 3, zzz: 2 }] },
      'spec.yaml.steps[0]: expected only known keys, got "zzz". Allowed here: kind, quality.',
    ],
    [
      { ...good, steps: [{ kind: 'blur', sigma: 70 }] },
      'spec.yaml.steps[0].sigma: expected a number at most 50, got 70.',
    ],
    [
      { ...good, steps: [{ kind: 'blur', sigma: 2, size: 1.5 }] },
      'spec.yaml.steps[0].size: expected an integer, got 1.5.',
    ],
    [{ ...good, steps: [] }, 'spec.yaml.steps: expected at least 1 entry, got an array of 0.'],
    [
      { ...good, steps: [{ kind: 'blurr', sigma: 1 }] },
      'spec.yaml.steps[0].kind: expected one of "blur", "jpeg", got "blurr". Did you mean "blur"?',
    ],
    [{ ...good, name: undefined }, 'spec.yaml.name: expected a string, got nothing. Give it.'],
    [{ ...good, name: 3 }, 'spec.yaml.name: expected a string, got 3.'],
    [
      { ...good, border: 'symetric' },
      'spec.yaml.border: expected one of "reflect-101", "symmetric", got "symetric". Did you mean "symmetric"?',
    ],
    [{ ...good, long: { syde: 3 } }, /spec\.yaml\.long.*expected/],
    [[], 'spec.yaml: expected an object, got an array of 0.'],
    [null, 'spec.yaml: expected an object, got null.'],
  ])('%j', (value, expected) => {
    const message = complaint(value);
    if (typeof expected === 'string') expect(message.split('\n')).toContain(expected);
    else expect(message).toMatch(expected);
  });

  test('names every offending place, at most ten', () => {
    const many = { ...good, steps: Array.from({ length: 30 }, () => ({ kind: 'blur', sigma: -1 })) };
    expect(complaint(many).split('\n')).toHaveLength(11);
    expect(complaint(many)).toMatch(/and 20 more\.$/);
  });
});

describe('parseWith over unions', () => {
  const union = z.strictObject({
    start: z.union([
      z.literal('noise'),
      z.strictObject({ time: z.int(), rule: z.string().optional() }),
      z.strictObject({ fraction: z.number() }),
    ]),
    ramp: z
      .union([
        z.number(),
        z.strictObject({ law: z.literal('linear'), end: z.number() }),
        z.strictObject({ law: z.literal('cosine') }),
      ])
      .optional(),
    test: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.enum(['better', 'worse']) }),
        z.strictObject({ kind: z.literal('trend') }),
      ])
      .optional(),
  });
  test.each([
    [
      { start: { time: 5, fraction: 0.1 } },
      'it.start: expected only known keys, got "fraction". Allowed here: time, rule.',
    ],
    [{ start: 'noise', ramp: { law: 'lin' } }, 'it.ramp.law: expected one of "linear", "cosine", got "lin".'],
    [{ start: 'noise', test: { kind: 'bet' } }, 'it.test.kind: expected one of "better", "worse", "trend", got "bet".'],
  ])('%j', (value, expected) => {
    expect(() => parseWith(union, value, 'it')).toThrow(
      expect.objectContaining({ code: 'IR_E_SCHEMA', message: expected }),
    );
  });
});

describe('suggest', () => {
  test('finds the nearest name, ignoring case, and stays silent when nothing is near', () => {
    expect(suggest('wienner', ['wiener', 'richardson-lucy'])).toBe('wiener');
    expect(suggest('sr2', ['SR2', 'SR4'])).toBe('SR2');
    expect(suggest('psrn', ['psnr', 'ssim'])).toBe('psnr');
    expect(suggest('banana', ['psnr', 'ssim'])).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });

  test('unknownName lists what is known', () => {
    expect(unknownName('metric', 'psrn', ['psnr', 'ssim'])).toBe(
      'metric: expected one of: psnr, ssim, got "psrn". Did you mean "psnr"?',
    );
  });
});

test('values are described in a few words', () => {
  expect(describeValue(new Float32Array(3))).toBe('Float32Array of length 3');
  expect(describeValue('x'.repeat(200))).toHaveLength(60);
  expect(describeValue(Number.NaN)).toBe('NaN');
  expect(describeValue({ a: 1 })).toBe('an object with a');
  expect(describeValue(12n)).toBe('12n');
});

test('every code ends a program in its documented way', () => {
  const status = (code: string) => exitCodeOf(new IrError(code, ''));
  expect([status('IR_E_CHECK'), status('IR_E_DECODE'), status('IR_E_WRITE'), status('IR_E_PARTIAL')]).toEqual([
    1, 2, 3, 4,
  ]);
  expect(exitCodeOf(new DOMException('stop', 'AbortError'))).toBe(130);
  expect(exitCodeOf(new TypeError('a defect'))).toBe(3);
  expect(exitCodeOf(undefined)).toBe(3);
  expect(Object.keys(ERROR_CLASSES).every((code) => /^IR_E_[A-Z_]+$/.test(code))).toBe(true);
  expect(new InputError('IR_E_SIZE', 'x').toJSON()).toMatchObject({
    name: 'InputError',
    code: 'IR_E_SIZE',
    message: 'x',
  });
});

describe('writing', () => {
  const failing = (cause: unknown, options?: Parameters<typeof writing>[2]) =>
    writing('out', () => Promise.reject(cause), options).catch((error: IrError) => [error.code, error.message]);
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' });
  const advice = 'Check the folder, its permissions and the space left';

  test('tells what the file system refuses in one way, with what else may help', async () => {
    const place = `out: expected a place that can be written, got no space left. ${advice}.`;
    expect(await failing(full)).toEqual(['IR_E_WRITE', place]);
    const folder = `out: expected a folder that can be written, got no space left. ${advice}, or set IR_MODELS_DIR.`;
    const impossible = Object.assign(new TypeError('path'), { code: 'ERR_INVALID_ARG_VALUE' }); // one with a NUL: no call is made
    expect(await failing(impossible)).toEqual(['IR_E_WRITE', expect.stringContaining('a place that can be written')]);
    expect(await failing(full, { what: 'folder', or: 'set IR_MODELS_DIR' })).toEqual(['IR_E_WRITE', folder]);
  });

  test('leaves every other error, and what the work gives, as it is', async () => {
    for (const other of [
      new InputError('IR_E_SIZE', 'x'),
      new DOMException('x', 'AbortError'),
      new TypeError('a defect'),
      'a word',
      undefined,
    ])
      await expect(writing('out', () => Promise.reject(other))).rejects.toBe(other);
    expect(await writing('out', async () => 3)).toBe(3);
  });
});
