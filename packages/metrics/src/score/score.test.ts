import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image, Metric, Progress } from '@ir/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createMetrics } from '../registry.js';
import { PictureFolder } from '../testing/folder.js';
import { noisy, wavyImage } from '../testing/pictures.js';
import { aggregate } from './aggregate.js';
import { scoreCsv } from './csv.js';
import { pairFiles } from './pairs.js';
import { type ScoredItem, scorePair, scorePaths } from './score.js';

const folders: PictureFolder[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.dispose()));
});

const small = (seed: number) => wavyImage(seed, { width: 24, height: 20 });
const folderOf = async (files: Readonly<Record<string, Image>>) => {
  const folder = await PictureFolder.make(files);
  folders.push(folder);
  return folder;
};
const named = (names: readonly string[]) => folderOf(Object.fromEntries(names.map((name, i) => [name, small(i)])));

describe('pairing', () => {
  const pairsOf = async (references: readonly string[], outputs: readonly string[], pairs?: readonly string[]) => {
    const [a, b] = [await named(references), await named(outputs)];
    const found = await pairFiles({ reference: a.path, output: b.path, pairs });
    return found.map(({ name, reference, output }) => [
      reference!.slice(a.path.length + 1),
      name,
      output === b.at(name),
    ]);
  };

  test('folders are paired by stem, in the order of the outputs, never by position', async () => {
    expect(await pairsOf(['b.png', 'a.png', 'c.d.png'], ['c.d.png', 'a.jpg', 'b.webp'])).toEqual([
      ['a.png', 'a.jpg', true],
      ['b.png', 'b.webp', true],
      ['c.d.png', 'c.d.png', true],
    ]);
  });

  test('two files need no common stem', async () => {
    const folder = await named(['x.png', 'y.png']);
    expect(await pairFiles({ reference: folder.at('x.png'), output: folder.at('y.png') })).toEqual([
      { name: 'y.png', reference: folder.at('x.png'), output: folder.at('y.png') },
    ]);
  });

  test('explicit pairs come first, the rest by stem; names may hold an equals sign', async () => {
    expect(await pairsOf(['a.png', 'b=1.png'], ['a.png', 'q=2.png'], ['b=1.png=q=2.png'])).toEqual([
      ['a.png', 'a.png', true],
      ['b=1.png', 'q=2.png', true],
    ]);
    expect(await pairsOf(['a.png', 'b.png'], ['a.png', 'b.png'], ['a.png=b.png', 'b.png=a.png'])).toEqual([
      ['b.png', 'a.png', true],
      ['a.png', 'b.png', true],
    ]);
  });

  test('what is unmatched or ambiguous is an error that names it', async () => {
    const usage = (message: RegExp) => ({ code: 'IR_E_USAGE', message: expect.stringMatching(message) });
    await expect(pairsOf(['a.png', 'b.png'], ['a.png'])).rejects.toMatchObject(
      usage(/^b.png: expected an output of the stem "b"/),
    );
    await expect(pairsOf(['a.png'], ['a.png', 'aa.png'])).rejects.toMatchObject(usage(/^aa.png: .*Did you mean a.png/));
    await expect(pairsOf(['a.png', 'a.jpg'], ['a.png'])).rejects.toMatchObject(
      usage(/one picture of each stem, got a.jpg and a.png/),
    );
    await expect(pairsOf(['a.png'], ['a.png', 'a.tif'])).rejects.toMatchObject(usage(/one picture of each stem/));
    await expect(pairsOf(['a.png'], ['b.png'], ['a.png=c.png'])).rejects.toMatchObject(
      usage(/^pair: .*Did you mean b.png/),
    );
    await expect(pairsOf(['a.png'], ['b.png', 'c.png'], ['a.png=b.png', 'a.png=c.png'])).rejects.toMatchObject(
      usage(/a.png twice/),
    );
    await expect(pairsOf([], [])).rejects.toMatchObject(usage(/expected pictures, got a folder without any/));
    const folder = await named(['a.png']);
    await expect(pairFiles({ reference: folder.path, output: folder.at('a.png') })).rejects.toMatchObject(
      usage(/^reference: expected a file, as the output is, got a folder/),
    );
    await expect(pairFiles({ reference: folder.at('none.png'), output: folder.at('a.png') })).rejects.toMatchObject({
      code: 'IR_E_NOT_FOUND',
    });
  });

  test('other files, hidden files and subfolders are passed over', async () => {
    const [a, b] = [await named(['a.png', 'sub/b.png', '.hidden.png']), await named(['a.png'])];
    await writeFile(a.at('notes.txt'), 'x');
    expect(await pairFiles({ reference: a.path, output: b.path })).toHaveLength(1);
  });

  test('inputs are matched by the stem of the output', async () => {
    const [a, b, c] = [await named(['a.png']), await named(['a.png']), await named(['a.png'])];
    expect(await pairFiles({ reference: a.path, output: b.path, input: c.path })).toEqual([
      { name: 'a.png', reference: a.at('a.png'), output: b.at('a.png'), input: c.at('a.png') },
    ]);
    const empty = await named(['z.png']);
    await expect(pairFiles({ output: b.path, input: empty.path })).rejects.toMatchObject({
      message: expect.stringMatching(/^a.png: expected an input/),
    });
  });
});

describe('the report', () => {
  test('is exactly ir.score/1', async () => {
    const folder = await folderOf({ 'r.png': small(1), 'o.png': noisy(small(1), 2) });
    const report = await scorePaths(
      { reference: folder.at('r.png'), output: folder.at('o.png') },
      createMetrics(['psnr', 'niqe', 'psnr'], { crop: 1 }),
    );
    const { value } = report.items[0]!.scores.psnr!;
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      schema: 'ir.score/1',
      items: [
        {
          name: 'o.png',
          reference: folder.at('r.png'),
          output: folder.at('o.png'),
          scores: {
            psnr: { id: 'psnr[rgb,peak=255,crop=1]@1', value: expect.any(Number), direction: 'higher' },
            niqe: {
              id: expect.stringMatching(/^niqe\[.*crop=1\]@1$/),
              value: null,
              direction: 'lower',
              reason: 'too-small',
            },
          },
        },
      ],
      aggregate: {
        psnr: { mean: value, low: null, high: null, n: 1 },
        niqe: { mean: null, low: null, high: null, n: 0 },
      },
    });
  });

  test('is the same for any number of jobs, and holds few pictures at once', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `p${i}.png`);
    const originals = await folderOf(Object.fromEntries(names.map((name, i) => [name, small(i)])));
    const outputs = await folderOf(Object.fromEntries(names.map((name, i) => [name, noisy(small(i), 50 + i)])));
    let held = 0;
    let most = 0;
    const watching: Metric = {
      ...createMetrics(['psnr'])[0]!,
      alias: 'watching',
      async score() {
        most = Math.max(most, ++held);
        await new Promise((resolve) => setTimeout(resolve, 5));
        held--;
        return { value: 1 };
      },
    };
    const metrics = [...createMetrics(['psnr', 'ssim']), watching];
    const request = { reference: originals.path, output: outputs.path };
    const progress: Progress[] = [];
    const seen: ScoredItem[] = [];
    const one = await scorePaths(request, metrics, {
      jobs: 1,
      onProgress: (p) => progress.push(p),
      onItem: (i) => seen.push(i),
    });
    expect([most, seen]).toEqual([1, one.items]);
    expect(await scorePaths(request, metrics, { jobs: 3 })).toEqual(one);
    expect(most).toBeLessThanOrEqual(3);
    expect(one.items.map(({ name }) => name)).toEqual(names);
    expect(progress.map(({ completed }) => completed)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(one.aggregate.psnr!.n).toBe(7);
  });

  test('one unusable file fails the whole and stops the rest', async () => {
    const originals = await named(['a.png', 'b.png', 'c.png']);
    const outputs = await named(['a.png', 'b.png', 'c.png']);
    await writeFile(outputs.at('a.png'), 'not a picture');
    const done: string[] = [];
    const request = { reference: originals.path, output: outputs.path };
    await expect(
      scorePaths(request, createMetrics(['psnr']), { jobs: 1, onItem: ({ name }) => done.push(name) }),
    ).rejects.toMatchObject({ code: 'IR_E_DECODE', message: expect.stringContaining('a.png') });
    expect(done).toEqual([]);
  });

  test('an abort ends it with the reason', async () => {
    const folder = await named(['a.png', 'b.png', 'c.png']);
    const stop = new AbortController();
    const request = { reference: folder.path, output: folder.path };
    const reason = new Error('enough');
    await expect(
      scorePaths(request, createMetrics(['ssim']), { jobs: 1, signal: stop.signal, onItem: () => stop.abort(reason) }),
    ).rejects.toBe(reason);
  });

  test('is written as CSV, one line a picture and metric, safe for spreadsheets', async () => {
    const folder = await folderOf({ 'r.png': small(1), '=a, "b".png': small(1) });
    const report = await scorePaths(
      { reference: folder.at('r.png'), output: folder.at('=a, "b".png') },
      createMetrics(['psnr', 'ssim']),
    );
    const [header, psnr, ssim, end] = scoreCsv(report).split('\r\n');
    expect(header).toBe('name,reference,output,input,metric,id,value,direction,reason');
    expect(psnr).toContain(`"'=a, ""b"".png"`);
    expect(psnr).toMatch(/,psnr,"psnr\[rgb,peak=255,crop=0\]@1",,higher,identical$/);
    expect(ssim).toMatch(/,1,higher,$/);
    expect(end).toBe('');
  });

  test('scorePair takes pictures that were never files', async () => {
    const scores = await scorePair({ reference: small(1), image: noisy(small(1), 2) }, createMetrics(['psnr', 'ssim']));
    expect(Object.keys(scores)).toEqual(['psnr', 'ssim']);
  });
});

describe('aggregates', () => {
  test('the interval holds the mean, narrows with n, and is deterministic', () => {
    const values = (n: number) => Array.from({ length: n }, (_, i) => Math.sin(i) + 3);
    const [few, many, more] = [aggregate(values(8)), aggregate(values(40)), aggregate(values(3000))];
    for (const { mean, low, high } of [few, many, more]) {
      expect(low!).toBeLessThan(mean!);
      expect(high!).toBeGreaterThan(mean!);
    }
    expect(few.high! - few.low!).toBeGreaterThan(many.high! - many.low!);
    expect(many.high! - many.low!).toBeGreaterThan(more.high! - more.low!);
    expect(aggregate(values(8))).toEqual(few);
  });

  test('the bootstrap agrees with Student where both are at home', () => {
    const values = Array.from({ length: 100 }, (_, i) => Math.sin(i) + 3);
    const drawn = aggregate(values);
    const student = aggregate([...values, drawn.mean!]);
    expect(drawn.low! / student.low!).toBeCloseTo(1, 1);
    expect(drawn.high! / student.high!).toBeCloseTo(1, 1);
  });

  test('one value has no interval, none has no mean', () => {
    expect(aggregate([2])).toEqual({ mean: 2, low: null, high: null, n: 1 });
    expect(aggregate([])).toEqual({ mean: null, low: null, high: null, n: 0 });
  });
});

test('scoring leaves nothing behind in its folders', async () => {
  const folder = await named(['a.png']);
  await scorePaths({ reference: folder.path, output: folder.path }, createMetrics(['psnr']));
  expect(await pairFiles({ output: folder.path })).toEqual([
    { name: 'a.png', reference: null, output: join(folder.path, 'a.png') },
  ]);
});
