import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { decode, degrade, imageHash, PRESETS, saveImage } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assertBuilt, callIr, type Ended, refusal, runIr, scratchFolder } from './support/cli.js';
import { photo } from './support/pictures.js';

const scratch = scratchFolder('cli-pictures');
const at = (name: string) => join(scratch.path, name);
const ir = (...args: string[]) => runIr(args, { cwd: scratch.path });
/** Several users at once. */
const all = (...runs: string[][]) => Promise.all(runs.map((args) => ir(...args)));
const files = () => readdirSync(scratch.path).sort();

beforeAll(async () => {
  assertBuilt();
  await saveImage(photo(1), at('photo.png'));
  await saveImage(photo(1, { alpha: true }), at('alpha.png'));
  await saveImage(photo(1, { depth: 16 }), at('deep.png'));
});
afterAll(() => scratch.remove());

const succeeded = ({ code, stderr }: Ended) => expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

describe('ir degrade', () => {
  test('writes what the library computes, and says what it did as one object', async () => {
    const ended = await ir('degrade', 'photo.png', '--preset', 'SR2', '--seed', '1', '-o', 'sr2.png', '--json');
    succeeded(ended);
    const expected = await degrade(await decode(at('photo.png')), PRESETS[0]!, { seed: 1 });
    expect(await imageHash(await decode(at('sr2.png')))).toBe(await imageHash(expected));
    expect(JSON.parse(ended.stdout)).toEqual({
      schema: 'ir.degrade/1',
      input: 'photo.png',
      output: 'sr2.png',
      width: 32,
      height: 24,
      degradation: 'down[x2,cubic,aa,border=symmetric]|round8',
      seed: 1,
      hash: await imageHash(expected),
      ran: [{ kernel: 'resample', backend: 'cpu', variant: expect.any(String), threads: expect.any(Number) }],
    });
  });

  test('noise follows the seed: the same seed gives the same file, whatever the threads and the way to say it', async () => {
    const steps = 'noise[gauss,sigma=10]';
    writeFileSync(at('noise.yaml'), 'steps:\n  - { kind: noise, distribution: gaussian, sigma: 10 }\n');
    const ended = await all(
      ['degrade', 'photo.png', '--degradation', steps, '--seed', '7', '-o', 'n1.png', '--threads', '1'],
      ['degrade', 'photo.png', '--spec', 'noise.yaml', '--seed', '7', '-o', 'n2.png', '--threads', '3'],
      ['degrade', 'photo.png', '--degradation', steps, '--seed', '18446744073709551615', '-o', 'n3.png', '--json'],
    );
    ended.forEach(succeeded);
    expect(ended[0]!.stdout).toMatch(
      /^n1\.png: 64x48, noise\[gauss,sigma=10,philox\]\|round8, seed 7\n {2}addNoise on cpu/,
    );
    expect(JSON.parse(ended[2]!.stdout).seed).toBe('18446744073709551615');
    const [one, two, three] = ['n1.png', 'n2.png', 'n3.png'].map((name) => readFileSync(at(name)));
    expect(one).toEqual(two);
    expect(one).not.toEqual(three);
  });

  test('formats go by the extension, and keep alpha where they hold it', async () => {
    const blur = (input: string, out: string, ...more: string[]) =>
      callIr('degrade', at(input), '--degradation', 'blur[sigma=1]|float', '-o', at(out), ...more);
    succeeded(await blur('alpha.png', 'a.webp'));
    succeeded(await blur('photo.png', 'b.jpg', '--quality', '80'));
    succeeded(await blur('photo.png', 'c.tif'));
    const flat = await blur('alpha.png', 'd.jpg', '--json');
    expect((await decode(at('a.webp'))).alpha).toBeDefined();
    expect(readFileSync(at('b.jpg')).subarray(0, 2).toString('hex')).toBe('ffd8');
    expect((await decode(at('c.tif'))).depth).toBe(16);
    expect(refusal(flat).slice(0, 2)).toEqual([2, 'IR_E_USAGE']);
    expect(files()).not.toContain('d.jpg');
  });
});

describe('ir restore', () => {
  test('runs the bundled network, blind, and says what ran', async () => {
    const ended = await ir('restore', 'photo.png', '-o', 'restored.png', '--threads', '1', '--json');
    succeeded(ended);
    expect(JSON.parse(ended.stdout)).toEqual({
      schema: 'ir.restore/1',
      input: 'photo.png',
      output: 'restored.png',
      width: 64,
      height: 48,
      restorer: 'restorer-s',
      identity: expect.stringMatching(/^restorer-s\[sha256=[0-9a-f]{16},.*provider=cpu,threads=1/),
      degradation: null,
      ran: { provider: 'cpu', threads: 1, runtime: expect.stringMatching(/^onnxruntime-node /), failures: [] },
      seconds: expect.any(Number),
      memory: expect.objectContaining({ how: expect.any(String), bytes: expect.any(Number) }),
    });
    expect(await decode(at('restored.png'))).toMatchObject({ width: 64, height: 48, channels: 3, depth: 8 });
  });

  test('classical methods undo the blur they are told, with the constants named', async () => {
    succeeded(await ir('degrade', 'photo.png', '--degradation', 'blur[sigma=2]', '-o', 'blurred.png'));
    const told = ['--degradation', 'blur[sigma=2]'];
    const ended = await all(
      ['restore', 'blurred.png', '-o', 'w.png', '--model', 'wiener', ...told],
      ['restore', 'blurred.png', '-o', 'rl.png', '--model', 'richardson-lucy', '--set', 'iterations=5', ...told],
    );
    ended.forEach(succeeded);
    expect(ended[0]!.stdout).toMatch(
      /^w\.png: 64x48, wiener\[nsr=\S+blur\[gauss,sigma=2,k=13,border=reflect-101\]\]@1\n {2}on native/,
    );
    expect(ended[1]!.stdout).toContain('iterations=5');
    const original = await decode(at('photo.png'));
    const error = async (name: string) =>
      (await decode(at(name))).data.reduce((sum, value, i) => sum + (value - original.data[i]!) ** 2, 0);
    const [blurred, ...restored] = await Promise.all(['blurred.png', 'w.png', 'rl.png'].map(error));
    for (const after of restored) expect(after).toBeLessThan(blurred!);
  });

  test('tiles, other sizes and 16 bits are taken; what changes nothing or may show is remarked on', async () => {
    const [tiled, large, idle, deep] = await all(
      ['restore', 'photo.png', '-o', 'tiled.png', '--tile', '32+80'],
      ['restore', 'photo.png', '-o', 'large.png', '--upscale', '2', '--preset', 'SR2'],
      ['restore', 'photo.png', '-o', 'idle.png', '--seed', '7', '--tile', '32+8'],
      ['restore', 'deep.png', '-o', 'deep-out.png', '--quiet', '--preset', 'Blur1'],
    );
    succeeded(tiled!);
    succeeded(deep!);
    expect(large).toMatchObject({ code: 0, stderr: 'restorer-s is blind: the degradation named is not used\n' });
    expect(idle).toMatchObject({
      code: 0,
      stderr: [
        'restorer-s draws nothing: the seed is not used',
        'restorer-s looks 80 pixels around, tiles overlap by 8: their borders may show',
        '',
      ].join('\n'),
    });
    expect(await decode(at('large.png'))).toMatchObject({ width: 128, height: 96 });
    expect((await decode(at('deep-out.png'))).depth).toBe(16);
  });

  test('a method without what it needs is refused, a provider that is absent is the environment’s fault', async () => {
    const [untold, absent] = await all(
      ['restore', 'photo.png', '-o', 'x1.png', '--model', 'wiener', '--json'],
      ['restore', 'photo.png', '-o', 'x2.png', '--providers', 'tensorrt'],
    );
    expect(refusal(untold!).slice(0, 2)).toEqual([2, 'IR_E_DEGRADATION']);
    expect(absent).toMatchObject({ code: 3, stdout: '' });
    expect(absent!.stderr).toContain('[IR_E_PROVIDER]');
    expect(files().filter((name) => name.startsWith('x'))).toEqual([]);
  });
});

/** A PNG whose header announces more pixels than any machine holds. */
function hugePng(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff, 8, 2, 0, 0, 0]);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(64)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A degradation that is to be refused: without the cost of a start for each. */
const degradeTo = async (input: string, out: string, ...how: string[]) =>
  refusal(await callIr('degrade', at(input), '-o', at(out), '--json', ...how));

describe('bad input', () => {
  test('is refused with status 2 and its code, and nothing is written', async () => {
    writeFileSync(at('empty.png'), '');
    writeFileSync(at('words.png'), 'not a picture at all');
    writeFileSync(at('huge.png'), hugePng());
    const whole = readFileSync(at('photo.png'));
    writeFileSync(at('truncated.png'), whole.subarray(0, whole.length >> 1));
    const before = files();
    const told = async (name: string, ...how: string[]) =>
      (await degradeTo(name, 'out.png', '--preset', 'SR2', ...how)).slice(0, 2);
    expect(await told('missing.png')).toEqual([2, 'IR_E_NOT_FOUND']);
    expect(await told('.')).toEqual([2, 'IR_E_NOT_FOUND']);
    expect(await told('empty.png')).toEqual([2, 'IR_E_DECODE']);
    expect(await told('words.png')).toEqual([2, 'IR_E_DECODE']);
    expect(await told('truncated.png')).toEqual([2, 'IR_E_DECODE']);
    expect(await told('huge.png')).toEqual([2, 'IR_E_LIMIT']);
    expect(await told('photo.png', '--max-pixels', '100')).toEqual([2, 'IR_E_LIMIT']);
    const restored = await ir('restore', 'truncated.png', '-o', 'out.png', '--model', 'none', '--json');
    expect(refusal(restored)).toEqual([2, 'IR_E_DECODE', expect.stringMatching(/^truncated\.png: expected .*\.$/)]);
    expect(files()).toEqual(before);
  });

  test('a spec file that is missing, too long or wrong names the file and what it should hold', async () => {
    writeFileSync(at('long.yaml'), '#'.repeat(2 ** 20 + 1));
    writeFileSync(at('wrong.yaml'), 'steps:\n  - { kind: blur, sigam: 2 }\n');
    const told = (spec: string) => degradeTo('photo.png', 'o.png', '--spec', at(spec));
    expect((await told('none.yaml')).slice(0, 2)).toEqual([2, 'IR_E_NOT_FOUND']);
    expect((await told('.')).slice(0, 2)).toEqual([2, 'IR_E_NOT_FOUND']);
    expect((await told('long.yaml')).slice(0, 2)).toEqual([2, 'IR_E_LIMIT']);
    expect(await told('wrong.yaml')).toEqual([
      2,
      'IR_E_SCHEMA',
      expect.stringMatching(/wrong\.yaml.*Did you mean "sigma"\?/),
    ]);
  });
});

describe('the output', () => {
  test('never takes the place of the input, by whatever name', async () => {
    mkdirSync(at('links'));
    cpSync(at('photo.png'), at('links/own.png'));
    symlinkSync(at('links/own.png'), at('links/soft.png'));
    linkSync(at('links/own.png'), at('links/hard.png'));
    const before = readFileSync(at('links/own.png'));
    for (const out of ['links/own.png', 'links/soft.png', 'links/hard.png', 'links/../links/own.png']) {
      const told = await degradeTo('links/own.png', out, '--preset', 'SR2');
      expect(told).toEqual([2, 'IR_E_USAGE', expect.stringContaining('another file than the input')]);
    }
    expect(readFileSync(at('links/own.png'))).toEqual(before);
  });

  test('replaces an older file whole, and needs a folder that is there', async () => {
    writeFileSync(at('old.png'), 'older');
    mkdirSync(at('folder.png'));
    succeeded(await callIr('degrade', at('photo.png'), '--preset', 'SR2', '-o', at('old.png')));
    expect(await decode(at('old.png'))).toMatchObject({ width: 32, height: 24 });
    const told = async (out: string) => (await degradeTo('photo.png', out, '--preset', 'SR2')).slice(0, 2);
    expect(await told('no/where/x.png')).toEqual([2, 'IR_E_NOT_FOUND']);
    expect(await told('folder.png')).toEqual([2, 'IR_E_USAGE']);
    expect(await told('photo.png/x.png')).toEqual([2, 'IR_E_NOT_FOUND']);
    expect(files()).not.toContain('no');
    expect(files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('in a place that cannot be written is the environment’s fault: status 3', async () => {
    const ended = await ir('degrade', 'photo.png', '--preset', 'SR2', '-o', '/proc/x.png', '--json');
    expect(refusal(ended).slice(0, 2)).toEqual([3, 'IR_E_WRITE']);
  });
});
