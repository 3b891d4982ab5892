import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openTokenizer } from './tokenizer.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const stated = { sha256: '0'.repeat(64), bytes: 1 };

describe('CLIP’s byte-pair encoding', () => {
  const merges = ['l o', 'lo w</w>', 'e r</w>', 'lo w'];
  const open = (length: number, pad: 'zero' | 'end' = 'zero') =>
    openTokenizer(
      { kind: 'clip', file: 'merges.txt', ...stated, length, pad },
      file('merges.txt', `#version: 0.2\n${merges.join('\n')}\n`),
    );
  // Printable ASCII stands for itself: '!' is number 0, so 'a' is 64; at the end of a piece 256 more; merges from 512.
  const letter = (c: string) => c.charCodeAt(0) - 33;
  const last = (c: string) => 256 + letter(c);
  const [start, end] = [516, 517];

  test('merges in order, marks ends, pads with zeros', async () => {
    const tokens = await open(8);
    expect(tokens('low')).toEqual([start, 513, end, 0, 0, 0, 0, 0]);
    expect(tokens('lower')).toEqual([start, 515, 514, end, 0, 0, 0, 0]);
    expect(tokens('ow')).toEqual([start, letter('o'), last('w'), end, 0, 0, 0, 0]);
  });

  test('lower case, spaces collapsed, marks and figures apart', async () => {
    const tokens = await open(9);
    expect(tokens('  LOW,\n\t42 ')).toEqual([start, 513, last(','), last('4'), last('2'), end, 0, 0, 0]);
    expect(tokens("a's")).toEqual([start, last('a'), letter("'"), last('s'), end, 0, 0, 0, 0]);
    expect(tokens('')).toEqual([start, end, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('bytes beyond ASCII are letters of their own', async () => {
    const tokens = await open(5);
    // é is C3 A9: the printable bytes from A1 on follow the 94 of ASCII, A1..AC, AE..FF.
    expect(tokens('é')).toEqual([start, 94 + 12 + (0xc3 - 0xae), 256 + 94 + (0xa9 - 0xa1), end, 0]);
  });

  test('cut with the end last; filled with the end where CLIP’s own encoder wants that', async () => {
    expect((await open(4))('a b c d')).toEqual([start, last('a'), last('b'), end]);
    expect((await open(5, 'end'))('a')).toEqual([start, last('a'), end, end, end]);
  });

  test('tells how many tokens find no room', async () => {
    const { excess } = await open(4);
    expect(['', 'a b', 'a b c', 'lower lower'].map(excess)).toEqual([0, 0, 1, 2]);
  });
});

describe('whole words', () => {
  const path = file('words.txt', '<pad>\n<unknown>\n<start>\n<end>\nsharp\nsoft\n,\n');
  const part = { kind: 'words', file: 'words.txt', ...stated, length: 6, unknown: '<unknown>', pad: '<pad>' } as const;

  test('numbers are lines; what is not known is the unknown word', async () => {
    const tokens = await openTokenizer({ ...part, start: '<start>', end: '<end>' }, path);
    expect(tokens('Sharp, blue')).toEqual([2, 4, 6, 1, 3, 0]);
    expect(tokens('soft soft soft soft soft soft')).toEqual([2, 5, 5, 5, 5, 3]);
  });

  test('words without a number are told, unless there is one for the unknown', async () => {
    const { unknown: _, ...strict } = part;
    const tokenizer = await openTokenizer({ ...strict, aliases: { crisp: 'sharp' } }, path);
    const known = ['sharp', 'soft', 'crisp'];
    expect(tokenizer.unread?.('Sharp, crisp; a soft house!')).toEqual({ words: ['a', 'house'], known });
    expect(tokenizer.unread?.('sharp 🙂 & soft…').words).toEqual(['🙂', '…']);
    expect(tokenizer.excess('sharp soft sharp soft, sharp soft')).toBe(1);
    expect((await openTokenizer(part, path)).unread).toBeUndefined();
  });

  test('a vocabulary without the words it is told of is refused', async () => {
    await expect(openTokenizer({ ...part, pad: '<nothing>' }, path)).rejects.toMatchObject({
      code: 'IR_E_MODEL',
      message: expect.stringMatching(/pad: expected a word of the vocabulary, got "<nothing>"/),
    });
  });

  test('a word that stands there twice has no number', async () => {
    await expect(openTokenizer(part, file('twice.txt', '<pad>\n<unknown>\nsoft\nsoft\n'))).rejects.toMatchObject({
      code: 'IR_E_MODEL',
      message: expect.stringMatching(/twice.txt: expected each word once, got "soft" twice/),
    });
  });
});
