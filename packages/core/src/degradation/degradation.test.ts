import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../errors.js';
import type { Degradation } from './contract.js';
import {
  defaultKernelSize,
  degradationIdentity,
  gamma,
  isRandom,
  PRESETS,
  parseDegradation,
  scaleOf,
} from './index.js';

const refusal = (value: unknown): string => {
  try {
    parseDegradation(value);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

const everything: Degradation = {
  name: 'all of it',
  steps: [
    { kind: 'blur', sigma: 2.5, size: 21, border: 'symmetric' },
    { kind: 'down', scale: 4, filter: 'lanczos3', antialias: false, border: 'replicate' },
    { kind: 'down', scale: 2, filter: 'cubic-opencv' },
    { kind: 'noise', distribution: 'gaussian', sigma: 5, grey: true },
    { kind: 'noise', distribution: 'poisson', peak: 30 },
    { kind: 'jpeg', quality: 40 },
  ],
  depth: 16,
};

describe('identities', () => {
  test('carry every convention', () => {
    expect(PRESETS.map((preset) => [preset.name, degradationIdentity(preset)])).toEqual([
      ['SR2', 'down[x2,cubic,aa,border=symmetric]|round8'],
      ['SR4', 'down[x4,cubic,aa,border=symmetric]|round8'],
      ['Blur1', 'blur[gauss,sigma=1,k=7,border=reflect-101]|round8'],
      ['Blur20', 'blur[gauss,sigma=20,k=121,border=reflect-101]|round8'],
    ]);
    expect(degradationIdentity(everything)).toBe(
      'blur[gauss,sigma=2.5,k=21,border=symmetric]|down[x4,lanczos3,no-aa,border=replicate]|down[x2,cubic-opencv,no-aa,border=replicate]' +
        '|noise[gauss,sigma=5,grey,philox]|noise[poisson,peak=30,philox]|jpeg[q=40,4:2:0]|round16',
    );
    expect(degradationIdentity({ steps: [], depth: 32 })).toBe('float');
  });

  test('read back to a degradation of the same identity; the name plays no part', () => {
    for (const degradation of [...PRESETS, everything, { steps: [], depth: 32 } as const, { steps: [] }]) {
      const identity = degradationIdentity(degradation);
      expect(degradationIdentity(parseDegradation(identity))).toBe(identity);
      expect(degradationIdentity({ ...degradation, name: 'other' })).toBe(identity);
    }
  });

  test('tell apart what can differ in a pixel', () => {
    const variants = [
      'blur[sigma=2]',
      'blur[sigma=2,k=21]',
      'blur[sigma=2,border=replicate]',
      'blur[sigma=2]|round16',
      'blur[sigma=2]|float',
    ];
    expect(new Set(variants.map((text) => degradationIdentity(parseDegradation(text)))).size).toBe(variants.length);
  });
});

describe('parsing', () => {
  test('data, a preset, an identity in short and YAML give the same', () => {
    const data = {
      steps: [
        { kind: 'down', scale: 4 },
        { kind: 'noise', distribution: 'gaussian', sigma: 5 },
      ],
    };
    const yaml = 'steps:\n  - { kind: down, scale: 4 }\n  - { kind: noise, distribution: gaussian, sigma: 5 }\n';
    expect(parseDegradation(data)).toEqual(data);
    expect(parseDegradation(yaml)).toEqual(data);
    expect(parseDegradation('down[x4] | noise[gauss, sigma=5]')).toEqual(data);
    expect(parseDegradation('down[x4] | noise[sigma=5]')).toEqual(data);
    expect(parseDegradation('noise[peak=20]').steps).toEqual([{ kind: 'noise', distribution: 'poisson', peak: 20 }]);
    expect(parseDegradation('SR4')).toEqual({ name: 'SR4', steps: [{ kind: 'down', scale: 4 }] });
  });

  test.each([
    [
      { steps: [{ kind: 'blur', sigm: 2 }] },
      'degradation.steps[0]: expected only known keys, got "sigm". Did you mean "sigma"?',
    ],
    [{ steps: [{ kind: 'blur', sigma: 51 }] }, 'degradation.steps[0].sigma: expected a number at most 50, got 51.'],
    [{ steps: [{ kind: 'blur', sigma: Number.NaN }] }, /sigma: expected a number, got NaN/],
    [{ steps: [{ kind: 'blur', sigma: 1, size: 8 }] }, 'degradation.steps[0].size: expected an odd integer, got 8.'],
    [{ steps: [{ kind: 'blurr', sigma: 1 }] }, /Did you mean "blur"\?/],
    [
      { steps: [{ kind: 'noise', distribution: 'gauss', sigma: 1 }] },
      /distribution: expected one of "gaussian", "poisson", got "gauss"/,
    ],
    [
      { steps: [{ kind: 'down', scale: 2, filter: 'cubic-opencv', antialias: true }] },
      /antialias: expected false for cubic-opencv/,
    ],
    [{ steps: [{ kind: 'down', scale: 0.5 }] }, /scale: expected a number at least 1, got 0.5/],
    [{ steps: [{ kind: 'jpeg', quality: 101 }] }, /quality: expected .* at most 100, got 101/],
    [{ steps: [], depth: 12 }, /depth: expected/],
    [{ stages: [] }, /got "stages"/],
    ['sr2', /Did you mean SR2\?/],
    ['blurr[sigma=2]', /Did you mean blur\?/],
    ['blur[sgima=2]', /Did you mean sigma\?/],
    ['blur[sigma=two]', /sigma: expected a number, got "two"/],
    ['steps: [', /expected YAML of a degradation/],
    [7, /expected an object, got 7/],
  ])('refuses %j', (value, expected) => {
    if (typeof expected === 'string') expect(refusal(value).split('\n')).toContain(expected);
    else expect(refusal(value)).toMatch(expected);
  });
});

test('default kernels: smallest odd at least 6 sigma + 1', () => {
  expect([0.1, 0.5, 1, 1.5, 2, 3, 20, 50].map(defaultKernelSize)).toEqual([3, 5, 7, 11, 13, 19, 121, 301]);
});

test('scale, randomness and Eq. 12', () => {
  expect([scaleOf(everything), scaleOf({ steps: [] })]).toEqual([8, 1]);
  expect(
    [everything, PRESETS[0]!, { steps: [{ kind: 'noise', distribution: 'gaussian', sigma: 0 }] } as const].map(
      isRandom,
    ),
  ).toEqual([true, false, false]);
  expect([gamma(2), gamma(4), gamma(1), gamma(2, 0.5)]).toEqual([0.5, 0.25, 1, 0.25]);
});
