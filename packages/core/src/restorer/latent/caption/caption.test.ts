import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Image } from '../../../image/contract.js';
import { measuredCaptioner } from '../captioner.js';
import { openTokenizer, type Tokenizer } from '../tokenizer.js';
import { measure, PROPERTIES, type Property } from './measure.js';
import { assertReadable, type CaptionTable, readCaptionTable, wordsOf } from './table.js';

interface Case {
  readonly width: number;
  readonly height: number;
  readonly k: number;
  readonly properties: Record<Property, number>;
  readonly words: string[];
  readonly tokens: number[];
}

/** From `training/goldens/captions.py`, which trained the text encoder with the same code. */
const golden = JSON.parse(readFileSync(new URL('../../../../goldens/captions.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  prompts: { text: string; tokens: number[] }[];
  table: CaptionTable;
};

/** The formula of `training/goldens/captions.py`. */
function picture(width: number, height: number, k: number): Image {
  const data = new Float32Array(3 * width * height);
  for (let c = 0, i = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        const wave = Math.sin(x * (0.05 + 0.06 * k) + c) * Math.cos(y * (0.03 + 0.02 * k));
        const noise = ((x * 7919 + y * 104729 + c * 1299709 + k * 15485863) % 1009) / 1009 - 0.5;
        const value = 0.15 + 0.1 * k + 0.25 * wave + ((0.1 * x) / width) * (c - 1) + (0.02 + 0.03 * (k % 3)) * noise;
        data[i] = Math.floor(Math.min(1, Math.max(0, value)) * 255 + 0.5) / 255;
      }
  return { width, height, channels: 3, data, depth: 8 };
}

let folder: string;
let table: CaptionTable;
let tokens: Tokenizer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-caption-'));
  await writeFile(join(folder, 'caption.json'), JSON.stringify(golden.table));
  const words = Object.entries(golden.table.words).sort(([, a], [, b]) => a - b);
  await writeFile(join(folder, 'words.txt'), `<pad>\n${words.map(([word]) => word).join('\n')}\n`);
  table = await readCaptionTable(join(folder, 'caption.json'));
  const { aliases, length } = table;
  const part = { kind: 'words', file: 'words.txt', sha256: '0'.repeat(64), bytes: 1, pad: '<pad>' } as const;
  tokens = await openTokenizer({ ...part, length, aliases }, join(folder, 'words.txt'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the captioner says of a picture what it said in training', () => {
  test.each(golden.cases)('$width x $height, k = $k', ({ width, height, k, properties, words, tokens: expected }) => {
    const measured = measure(picture(width, height, k));
    for (const name of PROPERTIES) expect(measured[name]).toBeCloseTo(properties[name], 8);
    expect(wordsOf(table, measured, { quality: true })).toEqual(words);
    expect(tokens(words.join(', '))).toEqual(expected);
  });

  test('words for quality are left to the prompt, and said when asked', async () => {
    const [{ width, height, k, words }] = golden.cases as [Case];
    const quality = ['plain', 'sharp'];
    expect(words).toEqual(expect.arrayContaining(quality));
    const said = await measuredCaptioner(table).caption(picture(width, height, k));
    expect(said.split(', ')).toEqual(words.filter((word) => !quality.includes(word)));
    const all = await measuredCaptioner(table).caption(picture(width, height, k), { quality: true });
    expect(all.split(', ')).toEqual(words);
  });

  test('a grey picture has no colour', async () => {
    const { data, ...rest } = picture(40, 40, 2);
    const said = await measuredCaptioner(table).caption({ ...rest, channels: 1, data: data.subarray(0, 1600) });
    expect(said.split(', ')).toContain('grey');
  });

  test('too small a picture is refused', () => {
    expect(() => measure(picture(40, 31, 0))).toThrow(/at least 32 pixels, got 40x31/);
  });
});

test.each(golden.prompts)('prompt $text', ({ text, tokens: expected }) => {
  expect(tokens(text)).toEqual(expected);
});

describe('a table that does not serve is refused by name and place', () => {
  const light = (row: object) => ({ ...golden.table, properties: { ...golden.table.properties, light: [row] } });
  test.each<[what: string, text: string, says: RegExp]>([
    ['half a file', '{"schema":', /expected a table of words \(ir.caption\/1\) in JSON/],
    ['a key too many', JSON.stringify({ ...golden.table, wordz: 1 }), /got "wordz". Did you mean "words"\?$/],
    ['no properties', JSON.stringify({ ...golden.table, properties: {} }), /properties.light: expected an array/],
    [
      'limits crossed',
      JSON.stringify(light({ word: 'dark', from: 0.9, below: 0.1 })),
      /light\[0\]: expected from smaller/,
    ],
    [
      'a word without a number',
      JSON.stringify(light({ word: 'glum', from: null, below: 0.1 })),
      /light\[0\].word: expected a word that words gives a number, got "glum"/,
    ],
  ])('%s', async (_, text, says) => {
    const path = join(folder, 'other.json');
    await writeFile(path, text);
    await expect(readCaptionTable(path)).rejects.toMatchObject({
      code: 'IR_E_MODEL',
      message: expect.stringMatching(new RegExp(`other\\.json.*${says.source}`, 's')),
    });
  });
});

describe('a vocabulary that reads the captioner’s words otherwise is refused', () => {
  const names = { table: 'caption.json', vocabulary: 'words.txt', first: 0 };
  const open = async (words: readonly string[], length = table.length) => {
    const path = join(folder, 'others.txt');
    await writeFile(path, `${words.join('\n')}\n`);
    const part = { kind: 'words', file: 'others.txt', sha256: '0'.repeat(64), bytes: 1, pad: '<pad>' } as const;
    return openTokenizer({ ...part, length }, path);
  };
  const known = Object.keys(golden.table.words).sort((a, b) => golden.table.words[a]! - golden.table.words[b]!);

  test('its own is not', async () => {
    expect(() => assertReadable(table, tokens, names)).not.toThrow();
  });

  test('a word missing moves the others', async () => {
    const read = await open(['<pad>', ...known.filter((word) => word !== 'flat')]);
    expect(() => assertReadable(table, read, names)).toThrow(
      expect.objectContaining({
        code: 'IR_E_MODEL',
        message: expect.stringMatching(
          /^words.txt: expected "flat" as number 4, .* Export it together with caption.json/,
        ),
      }),
    );
  });

  test('another length', async () => {
    const read = await open(['<pad>', ...known], table.length + 1);
    expect(() => assertReadable(table, read, names)).toThrow(/texts of 16 words, .* got 17/);
  });
});
