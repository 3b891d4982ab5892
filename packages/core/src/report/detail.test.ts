import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Image } from '../image/contract.js';
import { decode } from '../image/decode.js';
import { saveImage } from '../image/encode.js';
import { randomImage } from '../image/testing/pictures.js';
import type { StudyResults } from '../study/contract.js';
import { blurred, lumaOf } from './detail-luma.js';
import { writeReport } from './report.js';
import { madeUpResults } from './testing/results.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ir-detail-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const asked = (detail: boolean, images: readonly string[]): StudyResults =>
  madeUpResults({
    images,
    spec: {
      degradations: [{ name: 'as "it" is', x: null, degradation: { steps: [] } }],
      restorers: [
        { id: 'none', label: 'Photograph', settings: {} },
        { id: 'blur', label: 'Blurring', settings: {} },
        { id: 'same', label: 'Same', settings: {} },
      ],
      figure: { x: null, scale: 'linear' },
      pictures: { images: images.length === 3 ? 2 : images.length, degradations: ['as "it" is'] },
      bootstrap: { resamples: 100, seed: 1 },
      ...(detail ? { detail } : {}),
    },
    metrics: madeUpResults().metrics.slice(2),
  });

/** Flat but for a square of noise: detail is there or nowhere. */
function square(
  at: readonly [number, number],
  { width, height }: { readonly width: number; readonly height: number },
): Image {
  const noise = randomImage(1, { width: 40, height: 40, channels: 1 });
  const data = new Float32Array(width * height).fill(0.5);
  for (let y = 0; y < 40; y++)
    for (let x = 0; x < 40; x++) data[(at[1] + y) * width + at[0] + x] = noise.data[y * 40 + x]!;
  return { width, height, channels: 1, depth: 8, data };
}

const soft = (image: Image): Image => {
  const { data, ...rest } = blurred(lumaOf(image), 1.5);
  return { ...image, ...rest, data: Float32Array.from(data) };
};

async function report(detail: boolean, names = ['one', 'two', 'three']): Promise<{ text: string; folder: string }> {
  const results = asked(detail, names);
  const out = join(root, `${detail ? 'detail' : 'plain'}-${names.length}`);
  for (const folder of ['pictures', 'originals']) await mkdir(join(out, folder), { recursive: true });
  const places = [
    [12, 20],
    [120, 70],
  ] as const;
  const shown = results.manifest.images.slice(0, results.spec.pictures.images);
  const pictures = shown.map((image, i) => square(places[i % 2]!, image));
  for (const [i, { hash }] of shown.entries()) await saveImage(pictures[i]!, join(out, results.originals[hash]!));
  for (const { picture, image, restorer } of results.rows) {
    if (!picture) continue;
    const own = pictures[results.manifest.images.findIndex(({ hash }) => hash === image.hash)]!;
    await saveImage(restorer.id === 'blur' ? soft(own) : own, join(out, picture));
  }
  const { index } = await writeReport(results, out);
  return { text: await readFile(index, 'utf8'), folder: join(out, 'report') };
}

describe('a report that is asked where detail is lost', () => {
  let text = '';
  let folder = '';
  beforeAll(async () => {
    ({ text, folder } = await report(true));
  });

  test('has the section, its place in the contents, and says how spectra are taken', () => {
    expect(text).toContain('<section id="detail"');
    expect(text).toContain('<a href="#detail">');
    expect(text).toMatch(/Hann window/);
    expect(text).toContain('By frequency: as &quot;it&quot; is');
  });

  test('its numbers: a blur loses high frequencies and keeps low ones, what is the same keeps all', async () => {
    const lines = (await readFile(join(folder, 'detail.csv'), 'utf8')).trim().split('\n');
    expect(lines[0]).toBe('degradation,restorer,cycles_per_pixel,retained_power,error_to_signal,pictures');
    const of = (restorer: string) =>
      lines
        .filter((line) => line.startsWith(`"as ""it"" is",${restorer},`))
        .map((line) => line.split(',').slice(2).map(Number));
    const [first, last] = [of('Blurring').at(0)!, of('Blurring').at(-1)!];
    expect(first[1]!).toBeGreaterThan(0.9);
    expect(last[1]!).toBeLessThan(0.05);
    expect(last[2]!).toBeGreaterThan(0.8);
    expect(last[3]).toBe(2);
    for (const [, retained, error] of of('Same')) expect([retained, error]).toEqual([1, 0]);
    expect(of('Photograph')).toEqual([]); // the original once more
  });

  test('says in words whether fine detail is lost above all, with the ratios behind it', () => {
    const told = [...text.matchAll(/<li><strong>([^<]*)<\/strong> for ([^:]*): ([^<]*)<\/li>/g)].map(
      ([, ...parts]) => parts,
    );
    expect(told.map(([badge, restorer]) => [badge, restorer])).toEqual([
      ['Too few pictures', 'Blurring'],
      ['Too few pictures', 'Same'],
    ]);
    expect(told[0]![2]).toMatch(
      /^on 2 pictures, below 6 .*error to signal (8|9)\d % above 0.25 .*, \d+(\.\d)? % below 0.0625.*95 % interval/,
    );
    expect(told[1]![2]).toMatch(/error to signal 0.0 % above .* 0.0 % below/);
  });

  test('crops show the place where most is lost, maps are as large as their pictures; every file is there and named', async () => {
    const files = await readdir(join(folder, 'detail'));
    expect(files).toHaveLength(2 * 6); // original and two restorers, crop and map
    for (const file of files) expect(text).toContain(`src="detail/${file}"`);
    const places = [...text.matchAll(/64 × 64 pixels at \((\d+), (\d+)\)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(places).toHaveLength(2);
    // The square of noise lies within the crop.
    for (const [i, [x, y]] of [
      [12, 20],
      [120, 70],
    ].entries()) {
      const [left, top] = places[i]! as [number, number];
      expect(left <= x! && top <= y! && left + 64 >= x! + 40 && top + 64 >= y! + 40).toBe(true);
    }
    expect(await decode(join(folder, 'detail/001_crop-1.png'))).toMatchObject({ width: 256, height: 256 });
    const { width, height } = await decode(join(folder, 'detail/002_lost-1.png'));
    expect([width, height]).toEqual([192, 136]);
  });

  test('on enough pictures it tells which way: a blur loses what is fine, what is the same nothing', async () => {
    const images = ['1', '2', '3', '4', '5', '6', '7'];
    const { text: told } = await report(true, images);
    expect(told).toMatch(/<strong>Holds<\/strong> for Blurring: on 7 pictures, more of what is fine/);
    expect(told).toMatch(/<strong>Undecided<\/strong> for Same: on 7 pictures/);
  });

  test('one that is not asked has none of it', async () => {
    const plain = await report(false);
    expect(plain.text).not.toMatch(/id="detail"|#detail|Where detail is lost/);
    expect(await readdir(plain.folder)).not.toContain('detail.csv');
  });
});
