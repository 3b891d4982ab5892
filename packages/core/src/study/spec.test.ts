import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { degradationIdentity } from '../degradation/identity.js';
import { loadStudySpec, parseStudySpec } from './spec.js';

const base = { schema: 'ir.study/1', title: 't', degradations: ['SR2'], restorers: ['none'], metrics: ['psnr'] };
const messageOf = (spec: unknown): string => {
  try {
    parseStudySpec(spec, 'my.yaml');
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
  return 'no error';
};
const FIGURE_2 = fileURLToPath(new URL('../../../../studies/figure-2.yaml', import.meta.url));

describe('shorthand', () => {
  test('defaults are filled in', () => {
    expect(parseStudySpec(base)).toEqual({
      schema: 'ir.study/1',
      title: 't',
      description: '',
      longSide: null,
      degradations: [{ name: 'SR2', x: null, degradation: { name: 'SR2', steps: [{ kind: 'down', scale: 2 }] } }],
      restorers: [{ id: 'none', label: 'none', settings: {} }],
      metrics: [{ alias: 'psnr' }],
      seeds: [0],
      threads: 1,
      bootstrap: { resamples: 2000, seed: 0 },
      figure: { x: null, scale: 'linear' },
      pictures: { images: 3, degradations: [] },
      inapplicable: 'refuse',
    });
  });

  test('a degradation may be a preset, an identity, steps, or named', () => {
    const { degradations } = parseStudySpec({
      ...base,
      degradations: [
        'Blur1',
        'blur[sigma=2]|down[x4]',
        { name: 'steps', x: 3, steps: [{ kind: 'jpeg', quality: 40 }] },
        { name: 'named', degradation: 'noise[gauss,sigma=5]' },
      ],
    });
    expect(degradations.map(({ name, x, degradation }) => [name, x, degradationIdentity(degradation)])).toEqual([
      ['Blur1', null, 'blur[gauss,sigma=1,k=7,border=reflect-101]|round8'],
      [
        'blur[sigma=2]|down[x4]',
        null,
        'blur[gauss,sigma=2,k=13,border=reflect-101]|down[x4,cubic,aa,border=symmetric]|round8',
      ],
      ['steps', 3, 'jpeg[q=40,4:2:0]|round8'],
      ['named', null, 'noise[gauss,sigma=5,philox]|round8'],
    ]);
  });

  test('a sweep stands for one degradation a value, and gives the figure its axis', () => {
    const swept = parseStudySpec({ ...base, degradations: [{ sweep: { kind: 'blur', sigma: [1, 2.5] } }] });
    expect(swept.degradations.map(({ name, x }) => [name, x])).toEqual([
      ['blur sigma 1', 1],
      ['blur sigma 2.5', 2.5],
    ]);
    expect(swept.figure).toEqual({ x: 'blur sigma', scale: 'linear' });
  });

  test('a sweep may stand among other steps', () => {
    const sweep = [
      { kind: 'blur', sigma: 1 },
      { kind: 'noise', distribution: 'gaussian', sigma: [5, 10] },
    ];
    const { degradations } = parseStudySpec({ ...base, degradations: [{ name: 'noise', sweep, depth: 16 }] });
    expect(degradations.map(({ name, degradation }) => [name, degradationIdentity(degradation)])).toEqual([
      ['noise 5', 'blur[gauss,sigma=1,k=7,border=reflect-101]|noise[gauss,sigma=5,philox]|round16'],
      ['noise 10', 'blur[gauss,sigma=1,k=7,border=reflect-101]|noise[gauss,sigma=10,philox]|round16'],
    ]);
  });

  test('pictures are chosen by name or by x', () => {
    const degradations = ['SR2', { sweep: { kind: 'blur', sigma: [1, 3] } }];
    const { pictures } = parseStudySpec({
      ...base,
      degradations,
      pictures: { degradations: [3, 'SR2', 'blur sigma 3'] },
    });
    expect(pictures).toEqual({ images: 3, degradations: ['blur sigma 3', 'SR2'] });
  });

  test('what is returned is taken again unchanged', async () => {
    const spec = await loadStudySpec(FIGURE_2);
    expect(parseStudySpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  });
});

test('the bundled Figure 2 is the one of the paper', async () => {
  const spec = await loadStudySpec(FIGURE_2);
  expect(spec.degradations.map(({ x }) => x)).toEqual([1, 2, 3, 4, 5, 7, 10, 15, 20]);
  expect(spec.restorers.map(({ id }) => id)).toEqual(['none', 'wiener', 'richardson-lucy', 'restorer-s']);
  expect(spec.metrics.map(({ alias }) => alias)).toEqual(['ssim', 'psnr', 'niqe']);
  expect(spec).toMatchObject({ longSide: 768, threads: 1, seeds: [0], pictures: { images: 3 } });
  expect(spec.pictures.degradations).toEqual(['blur sigma 2', 'blur sigma 5', 'blur sigma 10']);
});

describe('refused', () => {
  test.each<[string, object | string, RegExp]>([
    ['an unknown key', { ...base, restorer: ['none'] }, /IR_E_SCHEMA my\.yaml: .*"restorer".*"restorers"/],
    ['an unknown key inside', { ...base, pictures: { image: 1 } }, /my\.yaml\.pictures: .*"image".*"images"/],
    ['an unknown key of a restorer', { ...base, restorers: [{ id: 'none', lable: 'x' }] }, /restorers\[0\].*"label"/],
    [
      'an unknown preset',
      { ...base, degradations: ['SR3'] },
      /IR_E_UNKNOWN_NAME my\.yaml\.degradations\[0\].*Did you mean/,
    ],
    ['an unknown step', { ...base, degradations: [{ sweep: { kind: 'blurr', sigma: [1] } }] }, /"blur"/],
    [
      'a sweep without a list',
      { ...base, degradations: [{ sweep: { kind: 'blur', sigma: 1 } }] },
      /one list of numbers/,
    ],
    [
      'a sweep of two lists',
      { ...base, degradations: [{ sweep: { kind: 'blur', sigma: [1], size: [3] } }] },
      /2 lists/,
    ],
    [
      'a sweep of words',
      { ...base, degradations: [{ sweep: { kind: 'blur', sigma: ['a'] } }] },
      /list of numbers.*"a"/,
    ],
    [
      'a value out of range',
      { ...base, degradations: [{ sweep: { kind: 'blur', sigma: [99] } }] },
      /at most 50, got 99/,
    ],
    ['steps without a name', { ...base, degradations: [{ steps: [] }] }, /degradations\[0\]\.name: expected a name/],
    [
      'a degradation twice',
      { ...base, degradations: ['SR2', { name: 'x', degradation: 'SR2' }] },
      /degradations that differ/,
    ],
    ['a name twice', { ...base, degradations: ['SR2', { name: 'SR2', degradation: 'SR4' }] }, /names that differ/],
    [
      'a restorer twice',
      { ...base, restorers: ['none', { id: 'none', label: 'x' }] },
      /restorers or settings that differ/,
    ],
    ['a label twice', { ...base, restorers: ['none', { id: 'wiener', label: 'none' }] }, /labels that differ/],
    ['a metric twice', { ...base, metrics: ['psnr', { alias: 'psnr', crop: 4 }] }, /each metric once/],
    ['a seed twice', { ...base, seeds: [1, 1] }, /seeds that differ/],
    ['no restorer', { ...base, restorers: [] }, /restorers: expected at least 1 entry/],
    ['another schema', { ...base, schema: 'ir.study/2' }, /my\.yaml\.schema: expected "ir\.study\/1"/],
    ['an axis that degradations do not stand on', { ...base, figure: { x: 'sigma' } }, /a number for "SR2"/],
    [
      'zero on a logarithmic axis',
      { ...base, degradations: [{ name: 'a', x: 0, degradation: 'SR2' }], figure: { x: 'x', scale: 'log' } },
      /a positive number/,
    ],
    ['pictures of what is not there', { ...base, pictures: { degradations: ['SR4'] } }, /IR_E_UNKNOWN_NAME.*"SR2"/],
    ['text that is no YAML', 'a: [', /IR_E_SCHEMA my\.yaml: expected YAML/],
    ['YAML that is no study', '- 1', /my\.yaml: expected an object, got an array/],
    ['nothing', '', /my\.yaml: expected an object, got null/],
  ])('%s', (_, spec, message) => {
    expect(messageOf(spec)).toMatch(message);
  });

  test('a file that is not there', async () => {
    await expect(loadStudySpec('/nowhere/x.yaml')).rejects.toMatchObject({ code: 'IR_E_NOT_FOUND' });
  });
});
