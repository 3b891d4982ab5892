import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decode, degrade, imageHash, parseDegradation, saveImage } from '@ir/core';
import { conventionTable, METRICS } from '@ir/metrics';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assertBuilt, callIr, refusal, runIr, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-score-compare');
const at = (name: string) => join(scratch.path, name);
const score = (...args: string[]) => callIr('score', ...args);
const refused = async (...args: string[]) => refusal(await score(...args, '--json'));
const SIZE = { width: 64, height: 48 };
const COUNT = 7;

beforeAll(async () => {
  assertBuilt();
  for (const folder of ['originals', 'weak', 'strong', 'twin', 'few-a', 'few-b']) mkdirSync(at(folder));
  const blurs = { weak: () => 0.6, strong: () => 1.6, twin: (i: number) => (i % 2 ? 0.605 : 0.595) };
  for (let i = 0; i < COUNT; i++) {
    const original = photo(i, SIZE);
    await saveImage(original, at(`originals/p${i}.png`));
    for (const [folder, sigma] of Object.entries(blurs)) {
      const blurred = await degrade(original, parseDegradation(`blur[sigma=${sigma(i)}]`));
      await saveImage(blurred, at(`${folder}/p${i}.webp`));
      if (i < 3 && folder !== 'twin') await saveImage(blurred, at(`few-${folder === 'weak' ? 'a' : 'b'}/p${i}.png`));
    }
  }
});
afterAll(() => scratch.remove());

describe('ir score --ab', () => {
  const compare = async (a: string, b: string, ...more: string[]) => {
    const { code, stdout } = await score(at('originals'), '--ab', at(a), at(b), '-m', 'psnr,ssim', ...more, '--json');
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };

  test('tells which folder is better, in the direction of the metric, with interval, p-value and correction', async () => {
    const { schema, a, items, comparisons } = await compare('weak', 'strong');
    expect([schema, a, items.length]).toEqual(['ir.score-ab/1', at('weak'), COUNT]);
    const { psnr, ssim } = comparisons;
    expect(psnr).toMatchObject({ n: COUNT, direction: 'higher', verdict: 'a', p: 2 / 2 ** COUNT });
    expect(psnr.difference).toBeCloseTo(psnr.meanA - psnr.meanB, 10);
    expect(psnr.low).toBeGreaterThan(0);
    expect(psnr.low).toBeLessThan(psnr.difference);
    expect(psnr.high).toBeGreaterThan(psnr.difference);
    expect([psnr.holm, ssim.holm]).toEqual([2 * psnr.p, 2 * psnr.p]);
    expect((await compare('strong', 'weak')).comparisons.psnr.verdict).toBe('b');
  });

  test('says so where nothing can be told apart, and where the pictures are too few', async () => {
    const same = await compare('weak', 'twin');
    expect(same.comparisons.psnr).toMatchObject({ n: COUNT, verdict: 'not distinguishable' });
    const args = [at('few-a'), '--ab', at('few-a'), at('few-b'), '-m', 'ssim'];
    const { stdout } = await score(...args);
    expect(stdout).toMatch(/^ssim +3 .* too few pictures$/m);
  });

  test('for people: a line a metric, what A and B are, and what the columns mean', async () => {
    const args = ['score', 'originals', '--ab', 'weak', 'strong', '--metric', 'psnr'];
    const { code, stdout, stderr } = await runIr(args, { cwd: scratch.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^metric +n +A +B +A - B \[95 %\] +p +Holm +better$/);
    expect(lines[1]).toMatch(
      /^psnr +7 +\d+\.\d{4} +\d+\.\d{4} +\d\.\d{4} \[\d\.\d{4}, \d+\.\d{4}\] +0\.01563 +0\.01563 +A$/,
    );
    expect(lines.slice(2, 5)).toEqual(['A: weak', 'B: strong', 'psnr: psnr[rgb,peak=255,crop=0]@1, higher is better']);
    expect(lines[5]).toContain('sign-flip permutation');
  });

  test('refuses what it cannot compare', async () => {
    const [originals, weak, strong] = [at('originals'), at('weak'), at('strong')];
    for (const [args, ...says] of [
      [['--ab', weak, strong, originals], 'got 3', 'before --ab'],
      [[originals, '--ab', weak], 'two folders', 'got 1'],
      [[originals, weak, '--ab', weak, strong], 'only the references'],
      [[originals, '--ab', weak, strong, '-m', 'psnr,kid'], 'metrics of pictures', 'kid'],
      [[originals, '--ab', weak, strong, '--pair', 'a=b'], '--ab or --pair'],
      [[originals, '--ab', weak, at('few-a')], 'p3.png'],
    ] as const) {
      const [status, code, message] = await refused(...args);
      expect([status, code]).toEqual([2, 'IR_E_USAGE']);
      for (const words of says) expect(message).toContain(words);
    }
  });
});

describe('ir score --conventions', () => {
  const pair = () => [at('originals/p1.png'), at('strong/p1.webp')] as const;

  test('holds one pair against every convention that needs no network, and names who uses each', async () => {
    const { code, stdout } = await score('--conventions', ...pair(), '--json');
    expect(code).toBe(0);
    const { schema, reference, output, conventions } = JSON.parse(stdout);
    expect([schema, reference, output]).toEqual(['ir.score-conventions/1', ...pair()]);
    const [first, second] = pair();
    expect(conventions).toEqual(await conventionTable({ reference: await decode(first), image: await decode(second) }));
    const named = conventions.map(({ alias }: { alias: string }) => alias);
    expect(named).toEqual(
      expect.arrayContaining(METRICS.flatMap(({ alias }) => (/^p?s(nr|sim)/.test(alias) ? alias : []))),
    );
    const values = conventions.filter(({ family }: { family: string }) => family === 'ssim');
    expect(new Set(values.map(({ value }: { value: number }) => value)).size).toBe(values.length);
  });

  test('for people: a line each', async () => {
    const { stdout } = await score('--conventions', ...pair());
    expect(stdout).toMatch(/^of +alias +value +better +what it is +used by$/m);
    expect(stdout).toMatch(/^ssim +ssim-matlab3d +0\.\d{6} +higher +.*Stripformer, Restormer and EDSR$/m);
    expect(stdout).toMatch(/^niqe +niqe +too-small /m);
  });

  test('takes the crop, and refuses flags that would change nothing', async () => {
    const cropped = JSON.parse((await score('--conventions', ...pair(), '--crop', '4', '--json')).stdout);
    expect(cropped.conventions[0].id).toBe('psnr[rgb,peak=255,crop=4]@1');
    for (const more of [['-m', 'psnr'], ['--ab', 'a', 'b'], ['--csv'], ['--preset', 'SR2'], ['--seed', '1']])
      expect(await refused('--conventions', ...pair(), ...more)).toEqual([
        2,
        'IR_E_USAGE',
        expect.stringContaining('got both'),
      ]);
    expect((await refused('--conventions', at('originals'), at('weak'))).slice(0, 2)).toEqual([2, 'IR_E_NOT_FOUND']);
  });
});

describe('ir score with the degraded picture', () => {
  const D = 'blur[sigma=1.2]|noise[gauss,sigma=6]';
  const consistency = async (image: string, ...more: string[]) => {
    const args = [at('originals/p2.png'), image, '-m', 'consistency-psnr,consistency-ssim', '--json', ...more];
    const { code, stdout } = await score(...args);
    expect(code).toBe(0);
    return JSON.parse(stdout).items[0];
  };

  test('the original is consistent to the bit under the degradation with its seed, and only under that', async () => {
    const [original, input] = [at('originals/p2.png'), at('input.png')];
    await callIr('degrade', original, '--degradation', D, '--seed', '5', '-o', input);
    const item = await consistency(original, '--input', input, '--degradation', D, '--seed', '5');
    expect(item.input).toBe(input);
    expect(item.scores['consistency-psnr']).toMatchObject({ value: null, reason: 'identical' });
    expect(item.scores['consistency-ssim'].value).toBe(1);
    const other = await consistency(original, '--input', input, '--degradation', D, '--seed', '6');
    expect(other.scores['consistency-psnr'].value).toBeLessThan(40);
    const again = await degrade(await decode(original), parseDegradation(D), { seed: 5 });
    expect(await imageHash(await decode(input))).toBe(await imageHash(again));
  });

  test('what is not given is the reason, never a number', async () => {
    const reasons = async (...more: string[]) =>
      Object.values((await consistency(at('weak/p2.webp'), ...more)).scores).map(
        (one) => (one as { reason: string }).reason,
      );
    expect(await reasons('--input', at('strong/p2.webp'))).toEqual(['degradation-unknown', 'degradation-unknown']);
    expect(await reasons('--degradation', 'blur[sigma=1]')).toEqual(['no-input', 'no-input']);
  });

  test('a folder of inputs is matched by name', async () => {
    const args = [at('originals'), at('weak'), '--input', at('strong'), '--degradation', 'blur[sigma=1.6]', '--json'];
    const { stdout } = await score(...args, '-m', 'consistency-psnr');
    expect(JSON.parse(stdout).items[3].input).toBe(at('strong/p3.webp'));
  });
});
