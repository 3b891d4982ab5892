import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, saveImage } from '@ir/core';
import { createMetrics, scorePair } from '@ir/metrics';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assertBuilt, callIr, refusal, runIr, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-score');
const at = (name: string) => join(scratch.path, name);
const score = (...args: string[]) => callIr('score', ...args);
const SIZE = { width: 208, height: 112 };

beforeAll(async () => {
  assertBuilt();
  for (const folder of ['originals', 'outputs']) mkdirSync(at(folder));
  for (const seed of [1, 2, 3]) await saveImage(photo(seed, SIZE), at(`originals/p${seed}.png`));
  const blur = ['--degradation', 'blur[sigma=1]'];
  for (const seed of [1, 2, 3])
    await callIr('degrade', at(`originals/p${seed}.png`), ...blur, '-o', at(`outputs/p${seed}.webp`));
  await saveImage(photo(1, { ...SIZE, alpha: true }), at('alpha.png'));
  await saveImage(photo(1, { width: 96, height: 96 }), at('small.png'));
});
afterAll(() => scratch.remove());

describe('ir score --json', () => {
  test('prints exactly the object that scripts rely on', async () => {
    const args = ['score', 'originals/p1.png', 'outputs/p1.webp', '--metric', 'psnr,ssim-y,niqe', '--json'];
    const { code, stdout, stderr } = await runIr(args, { cwd: scratch.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const input = { reference: await decode(at('originals/p1.png')), image: await decode(at('outputs/p1.webp')) };
    const value = expect.any(Number);
    expect(JSON.parse(stdout)).toStrictEqual({
      schema: 'ir.score/1',
      items: [
        {
          name: 'p1.webp',
          reference: 'originals/p1.png',
          output: 'outputs/p1.webp',
          scores: {
            psnr: { id: 'psnr[rgb,peak=255,crop=0]@1', value, direction: 'higher' },
            'ssim-y': { id: 'ssim[y-studio,win=gauss11-1.5,border=valid,crop=0]@1', value, direction: 'higher' },
            niqe: { id: expect.stringMatching(/^niqe\[y-studio-rounded,.*crop=0\]@1$/), value, direction: 'lower' },
          },
        },
      ],
      aggregate: {
        psnr: { mean: value, low: null, high: null, n: 1 },
        'ssim-y': { mean: value, low: null, high: null, n: 1 },
        niqe: { mean: value, low: null, high: null, n: 1 },
      },
    });
    const scores = await scorePair(input, createMetrics(['psnr', 'ssim-y', 'niqe']));
    expect(JSON.parse(stdout).items[0].scores).toEqual(scores);
  });

  test('a number that is not defined is null with its reason, and the status is 0', async () => {
    const same = await score(at('small.png'), at('small.png'), '--metric', 'psnr,ssim,niqe', '--json');
    expect(same.code).toBe(0);
    const [{ scores }] = JSON.parse(same.stdout).items;
    expect(scores.psnr).toMatchObject({ value: null, reason: 'identical' });
    expect(scores.ssim).toEqual({ id: expect.any(String), value: 1, direction: 'higher' });
    expect(scores.niqe).toMatchObject({ value: null, reason: 'too-small' });
    const alone = await score(at('outputs/p1.webp'), '--metric', 'psnr,niqe', '--json');
    const [item] = JSON.parse(alone.stdout).items;
    expect(item.reference).toBeNull();
    expect(item.scores.psnr).toMatchObject({ value: null, reason: 'no-reference' });
    expect(item.scores.niqe.value).toBeGreaterThan(0);
  });

  test('--crop changes the number and stands in its identity', async () => {
    const [whole, cropped] = await Promise.all(
      [[], ['--crop', '4']].map((crop) =>
        score(at('originals/p1.png'), at('outputs/p1.webp'), '-m', 'psnr', '--json', ...crop),
      ),
    );
    const psnr = ({ stdout }: { stdout: string }) => JSON.parse(stdout).items[0].scores.psnr;
    expect(psnr(cropped!).id).toBe('psnr[rgb,peak=255,crop=4]@1');
    expect(psnr(cropped!).value).not.toBe(psnr(whole!).value);
  });

  test('two folders are paired by the names without extension, whatever the order, with means and intervals', async () => {
    const { code, stdout } = await score(at('originals'), at('outputs'), '--metric', 'psnr', '--json');
    expect(code).toBe(0);
    const { items, aggregate } = JSON.parse(stdout);
    expect(items.map((item: { name: string }) => item.name)).toEqual(['p1.webp', 'p2.webp', 'p3.webp']);
    expect(items[1].reference).toBe(at('originals/p2.png'));
    const { mean, low, high, n } = aggregate.psnr;
    expect(n).toBe(3);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
  });
});

test('for people: a line a picture, the means, and what each number is; as CSV: a line a number', async () => {
  const text = await score(at('originals'), at('outputs'), '--metric', 'psnr,niqe');
  expect(text.code).toBe(0);
  const lines = text.stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^picture +psnr +niqe$/);
  expect(lines[1]).toMatch(/^p1\.webp +\d+\.\d{4} +\d+\.\d{4}$/);
  expect(lines[4]).toMatch(/^mean \[95 %\] +\d+\.\d{4} \[\d+\.\d{4}, \d+\.\d{4}\]/);
  expect(lines[5]).toBe('psnr: psnr[rgb,peak=255,crop=0]@1, higher is better');
  const csv = await score(at('originals'), at('outputs'), '--metric', 'psnr,niqe', '--csv');
  const rows = csv.stdout.trimEnd().split(/\r?\n/);
  expect(rows[0]).toBe('name,reference,output,input,metric,id,value,direction,reason');
  expect(rows).toHaveLength(7);
});

describe('what cannot be scored', () => {
  const refused = async (...args: string[]) => refusal(await score(...args, '--json'));

  test('transparency, sizes that differ, a file against a folder', async () => {
    const original = at('originals/p1.png');
    expect(await refused(original, at('alpha.png'))).toEqual([2, 'IR_E_FORMAT', expect.stringContaining('transparen')]);
    expect(await refused(at('alpha.png'), '--metric', 'niqe')).toEqual([2, 'IR_E_FORMAT', expect.any(String)]);
    expect(await refused(original, at('small.png'))).toEqual([
      2,
      'IR_E_SIZE',
      expect.stringContaining('208x112, got 96x96'),
    ]);
    expect((await refused(original, at('outputs'))).slice(0, 2)).toEqual([2, 'IR_E_USAGE']);
    expect((await refused(original, at('nothing.png'))).slice(0, 2)).toEqual([2, 'IR_E_NOT_FOUND']);
  });

  test('folders with a picture too many, or two of one name: never paired by position, but by --pair', async () => {
    mkdirSync(at('renamed'));
    for (const seed of [1, 2]) cpSync(at(`outputs/p${seed}.webp`), at(`renamed/p${seed}.webp`));
    cpSync(at('outputs/p3.webp'), at('renamed/third.webp'));
    writeFileSync(at('renamed/notes.txt'), 'no picture');
    const [status, code, message] = await refused(at('originals'), at('renamed'));
    expect([status, code]).toEqual([2, 'IR_E_USAGE']);
    expect(message).toContain('--pair');
    const paired = await score(at('originals'), at('renamed'), '--pair', 'p3.png=third.webp', '-m', 'psnr', '--json');
    expect(paired.code).toBe(0);
    cpSync(at('renamed/p1.webp'), at('renamed/p1.png'));
    const [, , ambiguous] = await refused(at('originals'), at('renamed'), '--pair', 'p3.png=third.webp');
    expect(ambiguous).toMatch(/p1\.png and p1\.webp|p1\.webp and p1\.png/);
  });
});
