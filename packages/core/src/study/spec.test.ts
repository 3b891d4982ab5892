import { readdirSync } from 'node:fs';
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
const STUDIES = fileURLToPath(new URL('../../../../studies/', import.meta.url));
const FIGURE_2 = `${STUDIES}figure-2.yaml`;

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

describe('sweeps of restorers', () => {
  const cldm = { id: 'cldm', settings: { sampler: { name: 'edm' }, steps: 9 } };
  const parse = (changes: object) => parseStudySpec({ ...base, ...changes });

  test('a setting and its values are one restorer a value, on one curve', () => {
    const { restorers, figure } = parse({ restorers: ['none', { ...cldm, sweep: { steps: [1, 2.5] } }] });
    expect(restorers.slice(1)).toEqual(
      [1, 2.5].map((steps) => ({
        id: 'cldm',
        label: `cldm steps=${steps}`,
        settings: { sampler: { name: 'edm' }, steps },
        x: steps,
        series: 'cldm',
      })),
    );
    expect(figure).toEqual({ x: 'steps', scale: 'linear', over: 'restorers' });
  });

  test('a setting inside another is changed alone, or made', () => {
    const sweeps = [
      { ...cldm, label: 'churned', sweep: { 'sampler.churn': [0, 3] } },
      { id: 'cldm', sweep: { 'start.at.fraction': [0.5] } },
    ];
    const { restorers, figure } = parse({ restorers: sweeps });
    expect(restorers.map(({ label, settings, series }) => [label, series, settings])).toEqual([
      ['churned sampler.churn=0', 'churned', { sampler: { name: 'edm', churn: 0 }, steps: 9 }],
      ['churned sampler.churn=3', 'churned', { sampler: { name: 'edm', churn: 3 }, steps: 9 }],
      ['cldm start.at.fraction=0.5', 'cldm', { start: { at: { fraction: 0.5 } } }],
    ]);
    expect(figure).toEqual({ x: null, scale: 'linear' }); // two axes are none
  });

  test('points say their settings and places themselves', () => {
    const points = [
      { x: 1, label: 'short', settings: { steps: 5, guidance: 2 } },
      { x: 2, settings: { sampler: 'ddim' } },
    ];
    const { restorers, figure } = parse({ restorers: [{ ...cldm, points, optional: true }], figure: { x: 'effort' } });
    expect(restorers).toEqual([
      {
        ...{ id: 'cldm', label: 'short', x: 1, series: 'cldm', optional: true },
        settings: { sampler: { name: 'edm' }, steps: 5, guidance: 2 },
      },
      { id: 'cldm', label: 'cldm 2', x: 2, series: 'cldm', optional: true, settings: { sampler: 'ddim', steps: 9 } },
    ]);
    expect(figure).toEqual({ x: 'effort', scale: 'linear', over: 'restorers' });
  });

  test('beside a sweep of degradations the axis is theirs unless the figure says otherwise', () => {
    const both = {
      degradations: [{ sweep: { kind: 'blur', sigma: [1, 2] } }],
      restorers: ['none', { ...cldm, sweep: { steps: [1, 2] } }],
    };
    expect(parse(both).figure).toEqual({ x: 'blur sigma', scale: 'linear' });
    const over = { scale: 'log', over: 'restorers' } as const;
    expect(parse({ ...both, figure: over }).figure).toEqual({ x: 'steps', ...over });
    expect(parse({ ...both, figure: { x: null } }).figure).toEqual({ x: null, scale: 'linear' });
  });

  test('claims stand as they are said', () => {
    const claims = [
      {
        text: 'More steps do not help.',
        metrics: ['psnr'],
        test: { kind: 'trend', series: 'cldm', trend: 'hardly-changes', margin: 0.2 },
      },
      {
        text: 'One step is worse than nothing.',
        metrics: ['psnr'],
        degradations: ['SR2'],
        test: { kind: 'not-better', restorer: 'cldm steps=1', than: 'none' },
      },
      { text: 'Two are best.', metrics: ['psnr'], test: { kind: 'best-at', series: 'cldm', x: 2 } },
    ];
    const spec = parse({ restorers: ['none', { ...cldm, sweep: { steps: [1, 2] } }], claims, cellMinutes: 2 });
    expect(spec).toMatchObject({ claims, cellMinutes: 2 });
    expect(parseStudySpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  });

  const swept = { ...base, restorers: ['none', { id: 'cldm', sweep: { steps: [1, 2] } }] };
  const claim = (changes: object, test: object = {}) => ({
    ...swept,
    claims: [{ text: 't', metrics: ['psnr'], test: { kind: 'best-at', series: 'cldm', x: 1, ...test }, ...changes }],
  });
  const compare = (test: object) =>
    claim({ test: { kind: 'better', restorer: 'none', than: 'cldm steps=1', ...test } });
  test.each<[string, object, RegExp]>([
    [
      'two settings',
      { ...swept, restorers: [{ id: 'a', sweep: { a: [1], b: [2] } }] },
      /\[0\]\.sweep: expected one.*got 2/,
    ],
    [
      'a value that is no number',
      { ...swept, restorers: [{ id: 'a', sweep: { a: ['b'] } }] },
      /sweep\.a\[0\]: expected/,
    ],
    [
      'a setting inside text',
      { ...swept, restorers: [{ id: 'a', settings: { s: 'edm' }, sweep: { 's.churn': [1] } }] },
      /settings\.s: expected an object, got "edm".*churn/,
    ],
    ['a path with a gap', { ...swept, restorers: [{ id: 'a', sweep: { 's..churn': [1] } }] }, /name of a setting/],
    [
      'sweep and points',
      { ...swept, restorers: [{ id: 'a', sweep: { a: [1] }, points: [{ x: 1, settings: {} }] }] },
      /sweep or points/,
    ],
    ['a place beside a sweep', { ...swept, restorers: [{ id: 'a', x: 1, sweep: { a: [1] } }] }, /no x or series/],
    ['a place without a curve', { ...swept, restorers: [{ id: 'a', x: 1 }] }, /x and series together/],
    ['a curve without a place', { ...swept, restorers: [{ id: 'a', series: 'b' }] }, /x and series together/],
    [
      'a place twice',
      { ...swept, restorers: [{ id: 'a', points: [1, 1].map((x, i) => ({ x, label: `${i}`, settings: { i } })) }] },
      /restorers "a": expected x that differ, got 1 twice/,
    ],
    ['a value twice', { ...swept, restorers: [{ id: 'a', sweep: { a: [1, 1] } }] }, /labels that differ/],
    [
      'a level by a curve’s name',
      { ...swept, restorers: ['a', { id: 'a', sweep: { a: [1] } }] },
      /labels that no series has/,
    ],
    [
      'a label that is too long',
      { ...swept, restorers: [{ id: 'a', label: 'l'.repeat(99), sweep: { a: [1] } }] },
      /labels of at most 100/,
    ],
    [
      'zero on a logarithmic axis',
      { ...swept, restorers: [{ id: 'a', sweep: { a: [0, 1] } }], figure: { scale: 'log' } },
      /a positive number for "a a=0"/,
    ],
    [
      'a level that is none',
      { ...base, restorers: ['none', { id: 'a', sweep: { steps: [1, 2] } }], figure: { levels: ['nome'] } },
      /figure\.levels: .*"nome".*Did you mean "none"/,
    ],
    [
      'levels of no curves',
      { ...base, restorers: ['none', { id: 'a', sweep: { steps: [1, 2] } }], figure: { x: null, levels: ['none'] } },
      /figure\.levels: expected nothing, since no curves/,
    ],
    ['levels beside degradations', { ...base, figure: { levels: ['none'] } }, /figure\.levels: expected nothing/],
    ['an axis over restorers without any', { ...base, figure: { x: 'steps', over: 'restorers' } }, /figure\.over/],
    ['an axis without a name', { ...base, figure: { over: 'restorers' } }, /figure\.x: expected the name/],
    ['a key of a claim', claim({ metric: ['psnr'] }), /claims\[0\].*"metrics"/],
    ['a claim’s metric', claim({ metrics: ['psrn'] }), /IR_E_UNKNOWN_NAME my\.yaml\.claims\[0\]\.metrics.*"psnr"/],
    ['a claim’s degradation', claim({ degradations: ['SR4'] }), /IR_E_UNKNOWN_NAME.*degradations.*"SR2"/],
    ['a claim’s series', claim({}, { series: 'cldn' }), /IR_E_UNKNOWN_NAME.*test\.series.*"cldm"/],
    ['a claim’s place', claim({}, { x: 3 }), /test\.x: expected a place of the series: 1, 2, got 3/],
    ['a claim’s restorer', compare({ restorer: 'nnoe' }), /IR_E_UNKNOWN_NAME.*test\.restorer.*"none"/],
    ['a claim’s other restorer', compare({ than: 'cldm' }), /IR_E_UNKNOWN_NAME.*test\.than/],
    ['a claim’s other degradation', compare({ thanAt: 'SR3' }), /IR_E_UNKNOWN_NAME.*test\.thanAt.*"SR2"/],
    ['a comparison with itself', compare({ than: 'none' }), /another restorer/],
    ['a comparison with itself at its own degradation', compare({ than: 'none', thanAt: 'SR2' }), /another restorer/],
    [
      'a change within no margin',
      claim({ test: { kind: 'trend', series: 'cldm', trend: 'hardly-changes' } }),
      /test\.margin: expected a number above 0/,
    ],
    [
      'a margin that nothing is judged by',
      claim({ test: { kind: 'trend', series: 'cldm', trend: 'improves', margin: 0.1 } }),
      /test\.margin: expected none for improves, got 0\.1/,
    ],
    ['a kind of test', claim({}, { kind: 'best' }), /one of .*"best-at"/],
    [
      'a trend of one place',
      {
        ...swept,
        restorers: [{ id: 'cldm', sweep: { a: [1] } }],
        claims: [{ text: 't', metrics: ['psnr'], test: { kind: 'trend', series: 'cldm', trend: 'improves' } }],
      },
      /two places/,
    ],
    ['no time for a cell', { ...swept, cellMinutes: 0 }, /cellMinutes/],
  ])('refused: %s', (_, spec, message) => {
    expect(messageOf(spec)).toMatch(message);
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

describe('the paper’s sizes', () => {
  const sized = {
    ...base,
    longSide: 384,
    restorers: [
      'none',
      { id: 'm', label: 'few', settings: { steps: 10, eta: 1 } },
      { id: 'm', label: 'curve', settings: { eta: 0 }, sweep: { steps: [1, 2] } },
    ],
    figure: { x: 'of 10' },
    paper: {
      longSide: null,
      seeds: [0, 1],
      restorers: {
        none: { settings: { a: 1 } },
        few: { settings: { steps: 50 } },
        curve: { sweep: { steps: [1, 100] } },
      },
      axis: 'of 50',
    },
  };

  test('only what is named differs, and only when asked for', () => {
    const { paper, ...small } = sized;
    expect(parseStudySpec(sized)).toEqual(parseStudySpec(small));
    const large = parseStudySpec(sized, 'my.yaml', { paper: true });
    expect(large).toEqual({
      ...parseStudySpec(small),
      longSide: null,
      seeds: [0, 1],
      figure: { x: 'of 50', scale: 'linear', over: 'restorers' },
      restorers: [
        { id: 'none', label: 'none', settings: { a: 1 } },
        { id: 'm', label: 'few', settings: { steps: 50, eta: 1 } },
        { id: 'm', label: 'curve steps=1', settings: { steps: 1, eta: 0 }, x: 1, series: 'curve' },
        { id: 'm', label: 'curve steps=100', settings: { steps: 100, eta: 0 }, x: 100, series: 'curve' },
      ],
    });
    expect(parseStudySpec(large)).toEqual(large);
  });

  test('an id means all of its entries, and a sweep takes the place of points', () => {
    const points = [{ x: 3, settings: { start: 'noise' } }];
    const spec = {
      ...base,
      restorers: [
        { id: 'm', label: 'one' },
        { id: 'm', label: 'two', settings: { a: 1 }, points },
      ],
      paper: { restorers: { m: { settings: { steps: 50 } }, two: { sweep: { steps: [7] } } } },
    };
    const { restorers } = parseStudySpec(spec, 'my.yaml', { paper: true });
    expect(restorers).toEqual([
      { id: 'm', label: 'one', settings: { steps: 50 } },
      { id: 'm', label: 'two steps=7', settings: { a: 1, steps: 7 }, x: 7, series: 'two' },
    ]);
  });

  test('asked of a spec that gives none', () => {
    expect(() => parseStudySpec(base, 'my.yaml', { paper: true })).toThrow(/my\.yaml\.paper: expected what differs/);
  });

  test('are refused when wrong, asked for or not', () => {
    const at = (paper: object) => messageOf({ ...sized, paper });
    expect(at({ longside: 1 })).toMatch(/my\.yaml\.paper: .*"longSide"/);
    expect(at({ restorers: { fwe: {} } })).toMatch(/IR_E_UNKNOWN_NAME my\.yaml\.paper\.restorers.*Did you mean "few"/);
    expect(at({ restorers: { few: { id: 'other' } } })).toMatch(/IR_E_SCHEMA my\.yaml\.paper\.restorers\.few/);
    expect(at({ seeds: [1, 1] })).toMatch(/my\.yaml \(paper\)\.seeds/);
    expect(at({})).toMatch(/my\.yaml\.paper: .*what differs/);
  });

  test.each(readdirSync(STUDIES))('%s has both', async (file) => {
    const small = await loadStudySpec(STUDIES + file);
    const large = await loadStudySpec(STUDIES + file, { paper: true });
    expect(small.longSide).toBeGreaterThan(0);
    expect([large.title, large.longSide, large.claims]).toEqual([small.title, null, small.claims]);
    // Whatever samples in a number of steps that is no subject of the study takes those of the paper's models.
    const still = large.restorers.filter(({ settings, x }) => settings.steps !== undefined && settings.steps !== x);
    for (const { settings } of still) expect(settings.steps).toBe(settings.sampler === 'one-step' ? 1 : 50);
  });
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
    [
      'a tile plan twice, in two spellings',
      {
        ...base,
        restorers: [
          { id: 'x', label: 'a', settings: { tile: '64+16' } },
          { id: 'x', label: 'b', settings: { tile: { size: 64, overlap: 16 } } },
        ],
      },
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

  test('an alias inside what it stands for', () => {
    const head = 'schema: ir.study/1\ntitle: t\ndegradations: [SR2]\nmetrics: [psnr]\n';
    const text = `${head}restorers: [{ id: m, settings: &s { again: *s } }]\n`;
    expect(messageOf(text)).toMatch(/IR_E_SCHEMA my\.yaml: expected values that end/);
  });

  test('a file that is not there', async () => {
    await expect(loadStudySpec('/nowhere/x.yaml')).rejects.toMatchObject({ code: 'IR_E_NOT_FOUND' });
  });
});
