import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Image } from '../image/contract.js';
import { decode } from '../image/decode.js';
import { saveImage } from '../image/encode.js';
import type { Progress } from '../progress.js';
import { hashOf } from './canonical.js';
import type { StudyOptions, StudySpec } from './contract.js';
import { planStudy, readStudy, runStudy } from './index.js';
import { parseStudySpec } from './spec.js';
import { setup } from './testing/registry.mjs';

// Studies run here as a user's do: with child processes, which run the built package (`npm test` builds first).
const REGISTRY = new URL('./testing/registry.mjs', import.meta.url).href;

let pictures: string;
let out: string;
let home: string;

const picture = (width: number, height: number, seed: number, channels: 1 | 3 = 3): Image => ({
  width,
  height,
  channels,
  depth: 8,
  data: Float32Array.from({ length: width * height * channels }, (_, i) => ((i * 37 + seed * 101) % 256) / 255),
});

beforeAll(async () => {
  pictures = await mkdtemp(join(tmpdir(), 'ir-pictures-'));
  for (const [i, name] of ['a.png', 'b.png'].entries()) await saveImage(picture(18, 13, i), join(pictures, name));
});
afterAll(() => rm(pictures, { recursive: true }));
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ir-study-'));
  out = join(home, 'out');
});
afterEach(() => rm(home, { recursive: true }));

const spec = (changes: object = {}): StudySpec =>
  parseStudySpec({
    schema: 'ir.study/1',
    title: 'toys',
    degradations: [{ sweep: { kind: 'blur', sigma: [1, 2] } }],
    restorers: ['none', 'invert'],
    metrics: ['brightness', 'distance'],
    ...changes,
  });

const options = (changes: Partial<StudyOptions> = {}): StudyOptions => ({
  images: pictures,
  out,
  registry: setup(),
  registryModule: REGISTRY,
  jobs: 1,
  ...changes,
});

const text = (name: string, folder = out) => readFile(join(folder, name), 'utf8');
const rowsOf = async (folder = out) =>
  (await text('results.jsonl', folder))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('planning', () => {
  test('a plan counts cells and what is done, and writes nothing', async () => {
    const plan = await planStudy(spec(), options());
    expect(plan.cells).toHaveLength(8);
    expect(new Set(plan.cells.map(({ key }) => key)).size).toBe(8);
    expect(plan.done.size).toBe(0);
    expect(existsSync(out)).toBe(false);
  });

  test.each<[string, object]>([
    ['the degradation', { degradations: [{ sweep: { kind: 'blur', sigma: [3, 4] } }] }],
    ['the seed', { seeds: [1] }],
    ['the metrics', { metrics: ['brightness'] }],
    ['a metric’s conventions', { metrics: [{ alias: 'brightness', crop: 1 }, 'distance'] }],
    ['the threads', { threads: 2 }],
    ['the long side', { longSide: 10 }],
    ['a restorer’s settings', { restorers: [{ id: 'enlarge', settings: { scale: 3 } }] }],
  ])('every key changes with %s', async (_, changes) => {
    const before = await planStudy(spec({ restorers: ['enlarge', 'none'] }), options());
    const after = await planStudy(spec({ restorers: ['enlarge', 'none'], ...changes }), options());
    const keys = new Set(before.cells.map(({ key }) => key));
    expect(after.cells.filter(({ key }) => keys.has(key))).toEqual([]);
  });

  test('no key changes with names, labels, kept pictures, bootstrap or file names', async () => {
    const renamed = [{ name: 'x', path: join(pictures, 'a.png') }];
    const before = await planStudy(spec({ degradations: ['Blur1'] }), options());
    const changes = {
      title: 'another',
      degradations: [{ name: 'one', x: 1, degradation: 'blur[sigma=1]' }],
      restorers: [{ id: 'none', label: 'as it came' }],
      bootstrap: { seed: 9 },
      pictures: { images: 1, degradations: ['one'] },
    };
    const after = await planStudy(spec(changes), options({ images: renamed }));
    expect(after.cells.map(({ key }) => key)).toEqual([before.cells[0]!.key]);
  });

  test('what is no picture or shown twice is left out, and said', async () => {
    const folder = join(home, 'pictures');
    await mkdir(join(folder, 'sub.png'), { recursive: true });
    await saveImage(picture(9, 9, 1), join(folder, 'b.png'));
    await saveImage(picture(9, 9, 1), join(folder, 'c.tiff'));
    await writeFile(join(folder, 'notes.txt'), 'x');
    await writeFile(join(folder, '.hidden'), 'x');
    const { cells, skipped } = await planStudy(spec(), options({ images: folder }));
    expect(new Set(cells.map(({ image }) => image.name))).toEqual(new Set(['b.png']));
    expect(skipped).toEqual([
      { name: 'notes.txt', reason: 'no picture by its extension' },
      { name: 'c.tiff', reason: 'shows the same as b.png' },
    ]);
  });

  test('pictures are reduced to the long side, to 8 bit', async () => {
    const deep = { ...picture(40, 30, 2), depth: 16 as const };
    const path = join(home, 'deep.png');
    await saveImage(deep, path);
    const { cells } = await planStudy(spec({ longSide: 20 }), options({ images: [path] }));
    expect(cells[0]!.image).toMatchObject({ name: 'deep.png', width: 20, height: 15 });
  });

  test('a restorer that refuses a degradation fails the plan, or is left out where the spec says so', async () => {
    const changes = { degradations: ['SR2', 'Blur1'], restorers: ['none', 'only-blur'] };
    await expect(planStudy(spec(changes), options())).rejects.toMatchObject({
      code: 'IR_E_DEGRADATION',
      message: expect.stringMatching(/only-blur at SR2: only-blur: expected a blur.*inapplicable: skip/s),
    });
    const { cells, skipped } = await planStudy(spec({ ...changes, inapplicable: 'skip' }), options());
    expect(cells.map(({ restorerIdentity }) => restorerIdentity).slice(0, 3)).toEqual([
      'none@1',
      'none@1',
      'only-blur[sigma=1]@1',
    ]);
    expect(skipped).toEqual([{ name: 'only-blur at SR2', reason: 'only-blur: expected a blur, got none.' }]);
  });

  test('what is optional and not installed is left out, with the claims on it, and said', async () => {
    const absent = { id: 'absent', label: 'gone', optional: true, sweep: { steps: [1, 2] } };
    const present = { id: 'enlarge', optional: true, sweep: { scale: [2, 3] } };
    const claim = (text: string, metrics: string[], series: string) => ({
      ...{ text, metrics },
      test: { kind: 'trend', series, trend: 'improves' },
    });
    const asked = spec({
      degradations: ['Blur1'],
      restorers: ['none', absent, present],
      metrics: ['brightness', { alias: 'unseen', optional: true }, { alias: 'distance', optional: true }],
      claims: [
        claim('a', ['unseen', 'distance'], 'enlarge'),
        claim('b', ['unseen'], 'enlarge'),
        claim('c', ['distance'], 'gone'),
      ],
    });
    const plan = await planStudy(asked, options());
    expect(plan.spec.restorers.map(({ label }) => label)).toEqual(['none', 'enlarge scale=2', 'enlarge scale=3']);
    expect(plan.spec.metrics.map(({ alias }) => alias)).toEqual(['brightness', 'distance']);
    expect(plan.spec.claims).toEqual([claim('a', ['distance'], 'enlarge')]);
    expect(plan.skipped).toEqual([
      { name: 'gone', reason: expect.stringMatching(/^restorer: expected one of.*"absent"/) },
      { name: 'unseen', reason: expect.stringMatching(/^network: expected eye, got none/) },
      { name: 'claim "b"', reason: 'the metrics it speaks of are left out' },
      { name: 'claim "c"', reason: 'the restorers it speaks of are left out' },
    ]);
    expect(plan.cells).toHaveLength(6);
    expect(parseStudySpec(JSON.parse(JSON.stringify(plan.spec)))).toEqual(plan.spec);
    await runStudy(asked, options({ images: [join(pictures, 'a.png')] }));
    const { spec: kept, rows, skipped } = await readStudy(out);
    expect([kept, rows.length, skipped]).toEqual([plan.spec, 3, plan.skipped]);
    expect(Object.keys(rows[0]!.scores!)).toEqual(['brightness', 'distance']);
  });

  test('without a curve left the figure has no axis; without anything left there is no study', async () => {
    const absent = { id: 'absent', optional: true, sweep: { steps: [1, 2] } };
    const { spec: left } = await planStudy(spec({ degradations: ['Blur1'], restorers: ['none', absent] }), options());
    expect(left.figure).toEqual({ x: null, scale: 'linear' });
    for (const changes of [{ restorers: [absent] }, { metrics: [{ alias: 'unseen', optional: true }] }])
      await expect(planStudy(spec({ degradations: ['Blur1'], ...changes }), options())).rejects.toMatchObject({
        code: 'IR_E_USAGE',
        message: expect.stringMatching(/expected one that is installed, got none/),
      });
  });

  test('seeds are laid where something draws: the degradation, or the restorer', async () => {
    const degradations = ['Blur1', { name: 'grain', degradation: 'noise[gauss,sigma=5]' }];
    const { cells } = await planStudy(
      spec({ seeds: [3, 1], degradations, restorers: ['none', 'invert'] }),
      options({ images: [join(pictures, 'a.png')] }),
    );
    expect(cells.map(({ degradation, restorer, seed }) => `${degradation.name} ${restorer.id} ${seed}`)).toEqual([
      'Blur1 none 3', // draws nothing
      'Blur1 invert 3', // does not say
      'Blur1 invert 1',
      'grain none 3',
      'grain invert 3',
      'grain none 1',
      'grain invert 1',
    ]);
  });

  test.each<[string, object, object, string, RegExp]>([
    ['an unknown restorer', { restorers: ['nnoe'] }, {}, 'IR_E_UNKNOWN_NAME', /Did you mean "none"/],
    ['an unknown metric', { metrics: ['distanse'] }, {}, 'IR_E_UNKNOWN_NAME', /Did you mean "distance"/],
    [
      'an optional restorer that is there, with settings it does not know',
      { restorers: ['invert', { id: 'none', settings: { x: 1 }, optional: true }] },
      {},
      'IR_E_SCHEMA',
      /none settings/,
    ],
    [
      'settings that a restorer does not know',
      { restorers: [{ id: 'none', settings: { x: 1 } }] },
      {},
      'IR_E_SCHEMA',
      /none settings/,
    ],
    [
      'a point of a sweep that does not fit, by its label',
      { restorers: ['none', { id: 'none', label: 'none at 3', settings: { x: 1 } }] },
      {},
      'IR_E_SCHEMA',
      /^none at 3: none settings/,
    ],
    ['a folder that is not there', {}, { images: '/nowhere' }, 'IR_E_NOT_FOUND', /nothing there/],
    ['no pictures', {}, { images: [] }, 'IR_E_NOT_FOUND', /expected pictures/],
    ['one name for two files', {}, { images: ['/x/a.png', '/y/a.png'] }, 'IR_E_USAGE', /a\.png twice/],
  ])('%s is a typed error', async (_, changes, more, code, message) => {
    const call = planStudy(spec(changes), options(more));
    await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('pictures that cannot be used are all named, and nothing is begun', async () => {
    const folder = join(home, 'pictures');
    await mkdir(folder);
    const alpha = new Float32Array(81).fill(0.5);
    await saveImage({ ...picture(9, 9, 1), alpha }, join(folder, 'glass.png'));
    await saveImage(picture(9, 9, 2), join(folder, 'cut.png'));
    await truncate(join(folder, 'cut.png'), 60);
    await saveImage(picture(9, 9, 3), join(folder, 'good.png'));
    const call = runStudy(spec(), options({ images: folder }));
    await expect(call).rejects.toMatchObject({ message: expect.stringMatching(/2 files.*cut\.png.*glass\.png/s) });
    expect(existsSync(out)).toBe(false);
  });
});

describe('running', () => {
  test('rows stand in the plan’s order, with scores, reasons and nothing of clock or host', async () => {
    const progress: Progress[] = [];
    const outcome = await runStudy(
      spec({ metrics: ['brightness', 'distance', 'infinite'] }),
      options({ onProgress: (p) => progress.push(p) }),
    );
    expect(outcome).toMatchObject({ out, cells: 8, computed: 8, failed: [] });
    const rows = await rowsOf();
    expect(rows.map((r) => `${r.image.name} ${r.degradation.x} ${r.restorer.id}`)).toEqual(
      ['a.png', 'b.png'].flatMap((image) => [1, 2].flatMap((x) => [`${image} ${x} none`, `${image} ${x} invert`])),
    );
    const { brightness, distance, infinite } = rows[1].scores;
    expect(brightness.value).toBeCloseTo(1 - rows[0].scores.brightness.value, 6);
    expect(distance.value).toBeGreaterThan(0);
    expect(infinite).toEqual({ value: null, reason: 'not-finite' });
    expect(Object.keys(rows[0]).sort()).toEqual(['cell', 'degradation', 'image', 'restorer', 'scores', 'seed']);
    expect(progress.at(-1)).toEqual({
      phase: 'study',
      completed: 8,
      total: 8,
      detail: expect.stringMatching(/\.png, blur sigma \d, /),
    });
    const [head, first] = (await text('results.csv')).split('\r\n');
    expect(head).toContain(',brightness,distance,infinite,brightness_reason,distance_reason,infinite_reason,');
    expect(first).toContain(`,${rows[0].scores.brightness.value},`);
    expect(first).toContain(',not-finite,');
  });

  test('any number of jobs gives the same bytes', async () => {
    await runStudy(spec(), options({ jobs: 1 }));
    const other = join(home, 'other');
    await runStudy(spec(), options({ jobs: 3, out: other }));
    for (const name of ['results.jsonl', 'results.csv']) expect(await text(name, other)).toBe(await text(name));
  });

  test('super-resolution: scale 1 gets the picture brought up, others the small one, and all are brought to size', async () => {
    const restorers = [
      'none',
      ...[2, 4, 8].map((scale) => ({ id: 'enlarge', label: `x${scale}`, settings: { scale } })),
      { id: 'only-blur', label: 'told' },
    ];
    const degradations = ['blur[sigma=1]|down[x4]'];
    await runStudy(
      spec({ restorers, degradations, metrics: ['distance', 'size-of-input'], pictures: { images: 1, degradations } }),
      options({ images: [join(pictures, 'a.png')] }),
    );
    const rows = await rowsOf();
    expect(rows.map((r) => [r.restorer.label, r.error?.message, r.scores?.['size-of-input'].value])).toEqual(
      ['none', 'x2', 'x4', 'x8', 'told'].map((label) => [label, undefined, 4]),
    );
    // 18x13 is cut to 16x12 before it is reduced.
    for (const row of rows)
      expect(await decode(join(out, row.picture))).toMatchObject({ width: 16, height: 12, depth: 8 });
  });

  test('pictures asked for are kept with their originals, and only these', async () => {
    await runStudy(spec({ pictures: { images: 1, degradations: [2] } }), options());
    const kept = (await rowsOf()).filter((row) => row.picture);
    expect(kept.map((r) => `${r.image.name} ${r.degradation.x} ${r.restorer.id}`)).toEqual([
      'a.png 2 none',
      'a.png 2 invert',
    ]);
    expect(await readdir(join(out, 'pictures'))).toHaveLength(2);
    const { originals } = await readStudy(out);
    const original = await decode(join(out, Object.values(originals)[0]!));
    expect(original.data).toEqual((await decode(join(pictures, 'a.png'))).data);
  });

  test('the folder alone gives the results back', async () => {
    await runStudy(spec(), options({ imagesNote: 'toys' }));
    const results = await readStudy(out);
    expect(results).toMatchObject({ spec: spec(), imagesNote: 'toys', missing: 0, skipped: [] });
    expect(results.rows).toEqual(await rowsOf());
    expect(results.metrics.map(({ alias, identity, direction }) => [alias, identity, direction])).toEqual([
      ['brightness', 'brightness[crop=0]@1', 'lower'],
      ['distance', 'distance[crop=0]@1', 'lower'],
    ]);
    expect(results.manifest).toMatchObject({ schema: 'ir.run/1', seeds: [0], specHash: hashOf(spec()) });
    expect(results.manifest.runs.map(({ outcome, cellsDone }) => [outcome, cellsDone])).toEqual([['complete', 8]]);
    await expect(readStudy(home)).rejects.toMatchObject({ code: 'IR_E_NOT_FOUND' });
  });
});

describe('going on', () => {
  test('a second run computes nothing; a changed spec only what is new', async () => {
    await runStudy(spec(), options());
    const before = await text('results.jsonl');
    expect(await runStudy(spec(), options())).toMatchObject({ cells: 8, computed: 0 });
    expect(await text('results.jsonl')).toBe(before);
    const wider = spec({ degradations: [{ sweep: { kind: 'blur', sigma: [1, 2, 3] } }] });
    expect(await runStudy(wider, options())).toMatchObject({ cells: 12, computed: 4 });
    expect((await readStudy(out)).spec.degradations).toHaveLength(3);
  });

  test('results cut short, emptied, changed by a digit, of another cell or without a whole picture are computed again', async () => {
    const kept = spec({ pictures: { images: 2, degradations: [1] } });
    await runStudy(kept, options());
    const before = await text('results.jsonl');
    const rows = await rowsOf();
    const [a1, a2, , , b1, b2] = rows.map((row) => row.cell) as string[];
    const cell = (key: string) => join(out, 'cells', `${key}.json`);
    const shown = (key: string) => join(out, 'pictures', `${key}.png`);
    const picture = await readFile(shown(b1!));
    await truncate(cell(a1!), 100);
    await truncate(cell(a2!), 0);
    await rm(shown(b1!));
    await truncate(shown(b2!), 50);
    const [changed, swapped] = [rows[2].cell, rows[3].cell] as [string, string];
    await writeFile(cell(swapped), await readFile(cell(rows[6].cell)));
    await writeFile(cell(changed), (await readFile(cell(changed), 'utf8')).replace(/"value":0\.\d/, '"value":0.9'));
    const { done } = await planStudy(kept, options());
    expect(rows.map((row) => row.cell).filter((key) => done.has(key))).toEqual([rows[6].cell, rows[7].cell]);
    expect(await runStudy(kept, options())).toMatchObject({ computed: 6 });
    expect(await text('results.jsonl')).toBe(before);
    expect(await readFile(shown(b1!))).toEqual(picture);
  });

  test('abort ends the children at once, keeps what is done, and frees the folder', async () => {
    const file = join(home, 'pids');
    const slow = spec({ restorers: ['none', { id: 'slow', settings: { file, ms: 60_000 } }] });
    const abort = new AbortController();
    const late: Progress[] = [];
    const call = runStudy(slow, options({ signal: abort.signal, onProgress: (p) => late.push(p) }));
    const watch = setInterval(() => existsSync(file) && abort.abort(new Error('enough')), 20);
    await expect(call).rejects.toThrow('enough');
    clearInterval(watch);
    const told = late.length;
    expect(alive(Number((await readFile(file, 'utf8')).trim()))).toBe(false);
    expect(existsSync(join(out, '.lock'))).toBe(false);
    const { rows, missing, manifest } = await readStudy(out);
    expect([rows.length, missing]).toEqual([1, 7]);
    expect(manifest.runs.map(({ outcome }) => outcome)).toEqual(['interrupted']);
    expect(late).toHaveLength(told);
  });

  test('a folder in use is refused, and so is one that holds something else', async () => {
    const file = join(home, 'pids');
    const slow = spec({ restorers: [{ id: 'slow', settings: { file, ms: 60_000 } }] });
    const abort = new AbortController();
    const first = runStudy(slow, options({ signal: abort.signal }));
    first.catch(() => {});
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(runStudy(spec(), options())).rejects.toMatchObject({
      code: 'IR_E_USAGE',
      message: expect.stringMatching(/no other run/),
    });
    abort.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    await expect(runStudy(spec(), options({ out: pictures }))).rejects.toMatchObject({
      message: expect.stringMatching(/expected a new folder/),
    });
    expect((await readdir(pictures)).sort()).toEqual(['a.png', 'b.png']);
  });
});

describe('failing', () => {
  test('a cell whose process dies once is tried again', async () => {
    const file = join(home, 'died');
    const outcome = await runStudy(spec({ restorers: ['none', { id: 'dies', settings: { file } }] }), options());
    expect(outcome).toMatchObject({ computed: 8, failed: [] });
    expect(existsSync(file)).toBe(true);
  });

  test('a cell whose process dies twice, and one that throws, end with a typed error; the others go on', async () => {
    const restorers = ['none', 'dies', 'throws', 'cropped'];
    const degradations = ['Blur1'];
    const one = { images: [join(pictures, 'a.png')] };
    const { failed, computed } = await runStudy(spec({ restorers, degradations }), options(one));
    expect(computed).toBe(1);
    expect(failed.map(({ cell, code, message }) => [cell.restorer.id, code, message])).toEqual([
      ['dies', 'IR_E_WORKER', expect.stringMatching(/^dies on a\.png at Blur1: expected its process to live.*SIGKILL/)],
      ['throws', 'IR_E_USAGE', 'toy: expected luck, got none.'],
      ['cropped', 'IR_E_SIZE', expect.stringMatching(/^output of cropped: expected 18x13/)],
    ]);
    const rows = await rowsOf();
    expect(rows.map((row) => [row.restorer.id, row.error?.code, row.scores !== undefined])).toEqual([
      ['none', undefined, true],
      ['dies', 'IR_E_WORKER', false],
      ['throws', 'IR_E_USAGE', false],
      ['cropped', 'IR_E_SIZE', false],
    ]);
    expect((await readStudy(out)).rows).toEqual(rows);
    expect((await readStudy(out)).manifest.runs.at(-1)!.outcome).toBe('partial');
    // Failures are not results: the next run tries again.
    expect((await planStudy(spec({ restorers, degradations }), options(one))).done.size).toBe(1);
  });

  test('a cell that hangs ends with its process when its time is over, and is not waited for again', async () => {
    const file = join(home, 'pids');
    const restorers = [{ id: 'slow', settings: { file, ms: 600_000 } }, 'none'];
    const one = { images: [join(pictures, 'a.png')] };
    const { failed, computed } = await runStudy(
      spec({ restorers, degradations: ['Blur1'], cellMinutes: 0.1 }),
      options(one),
    );
    expect(computed).toBe(1);
    expect(failed.map(({ code, message }) => [code, message])).toEqual([
      [
        'IR_E_TIMEOUT',
        expect.stringMatching(/^slow on a\.png at Blur1: expected a result within 0\.1 minutes.*cellMinutes/),
      ],
    ]);
    const pids = (await text('pids', home)).trim().split('\n').map(Number);
    expect(pids.map(alive)).toEqual([false]);
    expect((await rowsOf()).map((row) => row.error?.code)).toEqual(['IR_E_TIMEOUT', undefined]);
  });

  test('when nothing can be written any more the study stops, and no finished cell is lost', async () => {
    const cells = join(out, 'cells');
    const filling = spec({ restorers: [{ id: 'fills-the-disk', settings: { folder: cells, after: 2 } }] });
    await expect(runStudy(filling, options())).rejects.toMatchObject({ code: 'IR_E_WRITE' });
    await rm(cells);
    await rename(join(out, 'moved'), cells);
    expect((await readdir(cells)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await planStudy(filling, options())).done.size).toBe(2);
  });

  test('children that cannot work as planned stop the study, with the reason', async () => {
    const nowhere = runStudy(spec(), options({ registryModule: 'file:///nowhere.mjs' }));
    await expect(nowhere).rejects.toMatchObject({
      code: 'IR_E_ENVIRONMENT',
      message: expect.stringMatching(/nowhere\.mjs: expected a module/),
    });
    const fickle = runStudy(spec({ restorers: ['fickle'] }), options());
    await expect(fickle).rejects.toMatchObject({
      code: 'IR_E_ENVIRONMENT',
      message: expect.stringMatching(/registryModule has to give/),
    });
    await expect(runStudy(spec(), options({ jobs: 0 }))).rejects.toMatchObject({ code: 'IR_E_USAGE' });
  });
});
