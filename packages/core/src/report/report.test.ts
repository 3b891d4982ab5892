import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { StudyResults } from '../study/contract.js';
import { writeReport } from './report.js';
import { type Asked, madeUpResults, SERIES, SPEC, SWEEP_SPEC, writePictures } from './testing/results.js';

let root = '';
let studies = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ir-report-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const SMALL: Asked['spec'] = {
  degradations: SPEC.degradations.slice(0, 2),
  bootstrap: { resamples: 200, seed: 1 },
  pictures: { images: 1, degradations: ['blur-2'] },
};

/** One metric where the number of figures does not matter: drawing takes most of a report's time. */
const ONE = { metrics: madeUpResults().metrics.slice(2) };

/** A study's folder with its pictures, and its results. */
async function study(asked: Asked = {}, change = (results: StudyResults): StudyResults => results) {
  const results = change(madeUpResults({ ...asked, spec: { ...SMALL, ...asked.spec } }));
  const out = join(root, `study-${++studies}`);
  await mkdir(out);
  await writePictures(results, out);
  return { results, out };
}

const page = async (asked: Asked = {}, change?: (results: StudyResults) => StudyResults) => {
  const { results, out } = await study(asked, change);
  const { index } = await writeReport(results, out);
  return { text: await readFile(index, 'utf8'), out, results };
};

/** Every file below a folder, with its hash. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = files.sort().map(async (file) => {
    const hash = createHash('sha256').update(await readFile(file));
    return [file.slice(folder.length + 1), hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

const textOf = (markup: string) => markup.replace(/<style>[\s\S]*?<\/style>|<script[\s\S]*?<\/script>|<[^>]*>/g, ' ');

describe('a report', () => {
  let text = '';
  let out = '';
  let results = madeUpResults();
  beforeAll(async () => {
    ({ text, out, results } = await page());
  });

  test('holds every section, and asks for nothing from anywhere', () => {
    for (const id of ['findings', 'curves', 'tables', 'pictures', 'missing', 'method', 'run']) {
      expect(text).toContain(`<section id="${id}"`);
      expect(text).toContain(`href="#${id}"`);
    }
    const links = [...text.matchAll(/ (?:src|href)="([^"]*)"/g)].map(([, url]) => url!);
    expect(links.filter((url) => /^[a-z]+:|^\//i.test(url))).toEqual([]);
    expect(text).not.toMatch(/type="module"|@import|url\(/);
  });

  test('says the question, the pictures, every identity and how to run it again', () => {
    const words = textOf(text);
    expect(words).toContain(results.spec.description);
    expect(words).toContain(results.imagesNote);
    for (const { identity, describe: about } of results.metrics) {
      expect(words).toContain(identity);
      expect(words).toContain(about);
    }
    for (const { degradation, restorer } of results.rows) {
      expect(words).toContain(degradation.identity);
      expect(words).toContain(restorer.identity);
    }
    expect(words).toContain(results.manifest.commit);
    expect(words).toContain(results.manifest.runs[0]!.command);
    expect(words).toContain('Nothing: every cell of the plan has a result');
  });

  test('allows its own script and no other', () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(text)![1]!;
    const hash = createHash('sha256').update(script).digest('base64');
    expect(text).toContain(`script-src 'sha256-${hash}'`);
    expect(text.match(/<script/g)).toHaveLength(2);
  });

  test('lies there whole: figures as SVG and PNG, the table, the pictures it names', async () => {
    const files = Object.keys(await contents(join(out, 'report')));
    for (const name of ['means', 'differences', 'ssim', 'psnr', 'niqe', 'ssim-difference']) {
      expect(files).toEqual(expect.arrayContaining([`figures/${name}.svg`, `figures/${name}.png`]));
    }
    expect((await sharp(join(out, 'report/figures/means.png')).metadata()).width).toBeGreaterThan(1500);
    const data = JSON.parse(/id="viewer-data">([\s\S]*?)<\/script>/.exec(text)![1]!);
    const urls: string[] = data.views.flatMap((view: { entries: { url: string }[] }) =>
      view.entries.map(({ url }) => url),
    );
    expect(urls).toHaveLength(5);
    for (const url of urls) expect(files).toContain(url);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('gives every mean in the CSV, numbers in full', async () => {
    const lines = (await readFile(join(out, 'report/table.csv'), 'utf8')).trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 3 * 2 * 4);
    const [head, first] = lines.map((line) => line.split(','));
    const row = Object.fromEntries(head!.map((name, i) => [name, first![i]]));
    expect(row).toMatchObject({ metric: 'ssim', degradation: 'blur-1', x: '1', restorer: 'Degraded picture', n: '9' });
    const own = results.rows.filter(({ degradation, restorer }) => degradation.x === 1 && restorer.id === 'none');
    const mean = own.reduce((sum, { scores }) => sum + scores!.ssim!.value!, 0) / 9;
    expect(Number(row.mean)).toBeCloseTo(mean, 14);
  });

  test('is the same to the byte when written again, and takes the place of the one before as a whole', async () => {
    const before = await contents(join(out, 'report'));
    await writeFile(join(out, 'report/stale.txt'), 'from before');
    await mkdir(join(out, '.report.new')); // what a killed run leaves behind
    await writeReport(results, out);
    expect(await contents(join(out, 'report'))).toEqual(before);
  });

  test('stays as it was when the next one is given up', async () => {
    const before = await contents(join(out, 'report'));
    const stop = new AbortController();
    const onProgress = ({ completed }: { completed: number }) => completed === 2 && stop.abort();
    await expect(writeReport(results, out, { signal: stop.signal, onProgress })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(await contents(join(out, 'report'))).toEqual(before);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a report of a sweep over restorers', () => {
  let text = '';
  let out = '';
  beforeAll(async () => {
    ({ text, out } = await page({ spec: { ...SWEEP_SPEC, bootstrap: { resamples: 200, seed: 1 } } }));
  });
  const section = (id: string) => new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(text)![0];
  const wordsOf = (id: string) => textOf(section(id)).replace(/\s+/g, ' ');

  test('has a row of panels for each degradation, one legend for series and levels', () => {
    const curves = section('curves');
    expect([...curves.matchAll(/<h3>([^<]*)<\/h3>/g)].map(([, name]) => name)).toEqual([
      ...['SR2', 'SR4', 'Blur1'],
      ...['SR2', 'SR4', 'Blur1'],
    ]);
    expect([...curves.matchAll(/data-figure="([^"]*)"/g)].map(([, name]) => name)).toContain('niqe-difference-Blur1');
    expect(curves.match(/<button type="button" aria-pressed/g)).toHaveLength(4);
    expect(wordsOf('curves')).toContain('of each point to its series’ first (at 0)');
    expect(wordsOf('curves')).toContain('Dashed lines are restorers that do not depend on t*.');
  });

  test('has in its tables what the figure does not draw', async () => {
    const figure = { ...SWEEP_SPEC.figure, levels: ['M_phi alone'] };
    const { text: some } = await page({ spec: { ...SWEEP_SPEC, figure, bootstrap: { resamples: 50, seed: 1 } } });
    const part = (id: string) => textOf(new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(some)![0]);
    expect(part('curves')).toContain('The other restorers stand in the tables.');
    expect(wordsOf('curves')).not.toContain('The other restorers stand in the tables.');
    expect(part('tables')).toContain('Degraded picture');
  });

  test('states each claim with its verdict after the findings, and writes them for scripts', async () => {
    const order = ['findings', 'claims', 'curves'].map((id) => text.indexOf(`<section id="${id}"`));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(text).toContain('href="#claims"');
    const words = wordsOf('claims');
    expect(words).toContain('Distortion rises with the starting level Holds');
    expect(words).toContain('Perception hardly improves with the starting level Does not hold');
    expect(words).toMatch(/PSNR SR2 holds the value worsens −1\.\d{3} −\d\.\d{3} to −\d\.\d{3} 9 PSNR SR4/);
    const written = JSON.parse(await readFile(join(out, 'report/claims.json'), 'utf8'));
    expect(written.claims.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['holds', 'refuted']);
    for (const { sentence } of written.claims) expect(words).toContain(sentence);
  });

  test('sets places as columns, levels across them, and the spread over pictures and over seeds apart', () => {
    const tables = section('tables');
    expect(tables.match(/class="all-along [^"]*" colspan="6"/g)).toHaveLength(2 * 3 * 2 * 2);
    expect(tables.match(/<th class="sweep-group"[^>]*><span>SR4</g)).toHaveLength(2 * 3);
    const words = wordsOf('tables');
    // The ratio stands by every name that passes a latent, and by no other.
    expect(words.match(new RegExp(`${SERIES[0]} latent 12 : 1 `, 'g'))!.length).toBe(2 * 3 * 3);
    expect(words.match(/latent 12 : 1/g)).toHaveLength(2 * 3 * 3 * 2);
    // Beside the means of each metric: the list is cut where the start lies inside.
    expect(words.match(new RegExp(`sampling steps of ${SERIES[0]} 1 5 9 13 17 21`, 'g'))).toHaveLength(2);
    expect(words).not.toContain(`sampling steps of ${SERIES[1]}`);
    expect(words).toContain('Spread, as standard deviations: over pictures / over the seeds of a picture');
    expect(words).toMatch(new RegExp(`${SERIES[0]} latent 12 : 1 \\d\\.\\d\\d / \\d\\.\\d\\d `));
    expect(words).toMatch(new RegExp(`${SERIES[1]} latent 12 : 1 first −\\d`));
  });

  test('gives series, places and differences to the first in the CSV', async () => {
    const [head, ...lines] = (await readFile(join(out, 'report/table.csv'), 'utf8')).trimEnd().split('\r\n');
    const rows = lines.map((line) =>
      Object.fromEntries(line.split(',').map((value, i) => [head!.split(',')[i], value])),
    );
    expect(rows).toHaveLength(2 * 3 * 14);
    for (const { restorer, latent_ratio: ratio } of rows) expect(ratio).toBe(/ t=/.test(restorer!) ? '12' : '');
    const [none, own] = [rows[0]!, rows.find(({ series_x: x, degradation }) => x === '1000' && degradation === 'SR4')!];
    expect([none.series, none.series_x, none.difference_to_first]).toEqual(['', '', '']);
    expect(own).toMatchObject({ metric: 'psnr', series: SERIES[0], first_verdict: 'worse' });
    expect(Number(own.difference_to_first)).toBeLessThan(-1);
    expect(Number(own.picture_deviation)).toBeGreaterThan(Number(own.seed_deviation));
  });
});

test('a study with one seed has no table of spread, and one without claims no section of them', async () => {
  const { text, out } = await page(ONE);
  expect(text).not.toContain('Spread, as standard deviations');
  expect(text).not.toContain('href="#claims"');
  expect(Object.keys(await contents(join(out, 'report')))).not.toContain('claims.json');
});

describe('hostile and broken results', () => {
  const NASTY = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> \' " & \u2028 \u202e \u{1f9ea}';

  test('names never become markup', async () => {
    const { text } = await page(
      {
        images: [NASTY, 'b', 'c', 'd', 'e', 'f'],
        spec: {
          title: NASTY,
          description: NASTY,
          restorers: [SPEC.restorers[0]!, { id: 'wiener', label: NASTY, settings: { note: NASTY } }],
          degradations: [{ ...SPEC.degradations[0]!, name: NASTY }],
          pictures: { images: 1, degradations: [NASTY] },
          claims: [
            {
              text: NASTY,
              metrics: [`x${NASTY}`],
              test: { kind: 'better', restorer: NASTY, than: SPEC.restorers[0]!.label },
            },
          ],
        },
        metrics: [{ alias: `x${NASTY}`, identity: NASTY, direction: 'higher', describe: NASTY }],
        row: (row) =>
          row.image.name === 'b' ? { ...row, scores: {}, error: { code: 'IR_E_WORKER', message: NASTY } } : row,
      },
      (results) => ({
        ...results,
        imagesNote: NASTY,
        skipped: [{ name: NASTY, reason: NASTY }],
        manifest: {
          ...results.manifest,
          host: { [NASTY]: NASTY },
          runs: results.manifest.runs.map((run) => ({ ...run, command: NASTY })),
        },
      }),
    );
    const outside = text.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '');
    expect(text.match(/<script/gi)).toHaveLength(2);
    expect(outside).not.toMatch(/<img src=x|<script/i);
    const data = JSON.parse(/id="viewer-data">([\s\S]*?)<\/script>/.exec(text)![1]!);
    expect(data.views[0].image).toBe(NASTY);
    expect(data.views[0].entries[1].url).toMatch(/^pictures\/[a-z0-9_%-]+\.png$/i);
  });

  test('no rows at all, as after a run that was stopped at once', async () => {
    const { text } = await page({}, (results) => ({ ...results, rows: [], originals: {}, missing: 72 }));
    expect(textOf(text)).toContain('There are no results yet');
    expect(textOf(text)).toContain('72 cells of the plan have no result yet');
    expect(textOf(text)).toContain('This study keeps no pictures');
  });

  test('a metric without a value, pictures that failed: listed with their reasons', async () => {
    const { text } = await page({
      score: (value, _, metric) => (metric === 'niqe' ? { value: null, reason: 'too-small' } : { value }),
      row: ({ scores, ...row }) =>
        row.image.name === 'cat' && row.restorer.id === 'wiener'
          ? { ...row, error: { code: 'IR_E_WORKER', message: 'the child was killed' } }
          : { ...row, scores: scores! },
    });
    const words = textOf(text);
    expect(words).toContain('NIQE, too-small: the picture is too small for this metric');
    expect(words).toContain('IR_E_WORKER: the child was killed');
    expect(words).toContain('Not drawn, having no value: NIQE');
    expect(words).toContain('n = 8');
  });

  test('one picture: no interval, and said so', async () => {
    const { text } = await page({ images: ['alone'], ...ONE });
    const words = textOf(text);
    expect(words).toContain('With one picture there is no interval');
    expect(words).toContain('one picture: no interval');
    expect(words).not.toMatch(/★ best(?!:)/);
    expect(words).not.toContain('▲ better ');
  });

  test('pictures are taken from the study alone; what is missing is said', async () => {
    const { results, out } = await study({ images: ['one'], ...ONE });
    await writeFile(join(root, 'secret.png'), 'not yours');
    const files: Record<string, string> = { wiener: '../secret.png', none: 'pictures/gone.png' };
    const rows = results.rows.map((row) =>
      row.picture ? { ...row, picture: files[row.restorer.id] ?? row.picture } : row,
    );
    const { index } = await writeReport({ ...results, rows }, out);
    const words = textOf(await readFile(index, 'utf8')).replace(/\s+/g, ' ');
    expect(words).toContain('../secret.png lies outside the study');
    expect(words).toContain('pictures/gone.png is missing');
    const copied = await readdir(join(out, 'report/pictures'));
    expect(copied).toHaveLength(3); // the original and two restorers
    expect(copied.filter((name) => /wiener|degraded/.test(name))).toEqual([]);
  });

  test('a place that cannot be written is a typed error, and nothing is left half-written', async () => {
    const results = madeUpResults({ spec: SMALL });
    const file = join(root, 'a-file');
    await writeFile(file, '');
    await expect(writeReport(results, file)).rejects.toMatchObject({
      code: 'IR_E_WRITE',
      message: expect.stringMatching(/expected a folder that can be written, got /),
    });
    expect((await stat(file)).size).toBe(0);
  });
});
