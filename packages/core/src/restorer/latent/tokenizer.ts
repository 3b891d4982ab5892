import { readFile } from 'node:fs/promises';
import { explain, ModelError } from '../../errors.js';
import type { LatentManifest } from '../../models/manifest.js';

type TextPart = NonNullable<LatentManifest['parts']['text']>;
type TokenizerPart = Extract<TextPart, { kind: 'encoders' }>['encoders'][number]['tokenizer'];

/** A text as the numbers that a text encoder reads, always `length` of them. */
export interface Tokenizer {
  (text: string): readonly number[];
  /** Words of a text that no number stands for, and the words that are known; absent: it reads everything. */
  readonly unread?: (text: string) => { readonly words: readonly string[]; readonly known: readonly string[] };
  /** How many of a text's tokens find no room and are cut off. */
  readonly excess: (text: string) => number;
}

/** @param path the verified file that the part names @throws ModelError where the file does not serve */
export async function openTokenizer(part: TokenizerPart, path: string): Promise<Tokenizer> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return part.kind === 'clip' ? clipTokenizer(lines, part.length, part.pad) : wordTokenizer(lines, part, path);
}

/** Cut to `length` with the end's token last, or filled up. */
function fit(tokens: readonly number[], length: number, end: number | undefined, pad: number): number[] {
  if (tokens.length > length) {
    const cut = tokens.slice(0, length);
    if (end !== undefined) cut[length - 1] = end;
    return cut;
  }
  return [...tokens, ...Array<number>(length - tokens.length).fill(pad)];
}

/** All tokens of a text made to fit, and how many of them do not. */
const fitted = (all: (text: string) => readonly number[], length: number, end: number | undefined, pad: number) =>
  Object.assign((text: string) => fit(all(text), length, end, pad), {
    excess: (text: string) => Math.max(0, all(text).length - length),
  });

/** Bytes as letters, so that every text is one of letters: printable bytes stand for themselves, the others for U+0100 and on. In the vocabulary's order. */
function byteLetters(): Map<number, string> {
  const printable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, b) => b);
  const letters = new Map(bytes.filter(printable).map((b) => [b, String.fromCharCode(b)]));
  for (const b of bytes) if (!printable(b)) letters.set(b, String.fromCharCode(256 + letters.size - 188));
  return letters;
}

const PIECES = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;

/** Joins neighbours by the best merge there is, again and again. */
function merged(word: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  const parts = [...word];
  while (parts.length > 1) {
    let [best, at] = [Infinity, -1];
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) break;
    const [a, b] = [parts[at]!, parts[at + 1]!];
    for (let i = at; i + 1 < parts.length; i++) if (parts[i] === a && parts[i + 1] === b) parts.splice(i, 2, a + b);
  }
  return parts;
}

/**
 * CLIP's byte-pair encoding (Radford et al. 2021): lower case, pieces by kind of letter, bytes as letters, the end of a piece marked. Numbers:
 * the 256 letters, the same at the end of a piece, the merges in order, start, end. Spaces are collapsed; nothing else is repaired in the text.
 */
function clipTokenizer(lines: readonly string[], length: number, pad: 'zero' | 'end'): Tokenizer {
  const merges = lines.filter((line) => line !== '' && !line.startsWith('#version'));
  const letters = byteLetters();
  const words = [...letters.values(), ...[...letters.values()].map((one) => `${one}</w>`)];
  const vocabulary = new Map([...words, ...merges.map((pair) => pair.replace(' ', ''))].map((word, i) => [word, i]));
  const ranks = new Map(merges.map((pair, i) => [pair, i]));
  const start = words.length + merges.length;
  const end = start + 1;
  const all = (text: string) => {
    const pieces = text.toLowerCase().replace(/\s+/g, ' ').trim().match(PIECES) ?? [];
    const tokens = pieces.flatMap((piece) => {
      const spelt = [...Buffer.from(piece, 'utf8')].map((b) => letters.get(b)!);
      spelt.push(`${spelt.pop()}</w>`);
      return merged(spelt, ranks).map((part) => vocabulary.get(part)!);
    });
    return [start, ...tokens, end];
  };
  return fitted(all, length, end, pad === 'zero' ? 0 : end);
}

/** Words, and whatever else stands between spaces, sign by sign. */
const wordsIn = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];

/** Separates words and says nothing itself. */
const PUNCTUATION = /^[,;.:!?'"()/&+-]$/;

type WordsPart = Extract<TokenizerPart, { kind: 'words' }>;

function wordTokenizer(lines: readonly string[], part: WordsPart, path: string): Tokenizer {
  const vocabulary = new Map(lines.map((word, i) => [word, i]));
  const twice = lines.find((word, i) => vocabulary.get(word) !== i);
  if (twice !== undefined)
    throw new ModelError(explain({ name: path, expected: 'each word once', got: `${JSON.stringify(twice)} twice` }));
  const numberOf = (word: string, role: string): number => {
    const number = vocabulary.get(word);
    if (number !== undefined) return number;
    throw new ModelError(
      explain({ name: `${path}: ${role}`, expected: 'a word of the vocabulary', got: JSON.stringify(word) }),
    );
  };
  const unknown = part.unknown === undefined ? [] : [numberOf(part.unknown, 'unknown')];
  const pad = numberOf(part.pad, 'pad');
  const aliases = new Map(
    Object.entries(part.aliases ?? {}).map(([word, as]) => [word, numberOf(as, `alias ${word}`)]),
  );
  const start = part.start === undefined ? [] : [numberOf(part.start, 'start')];
  const end = part.end === undefined ? [] : [numberOf(part.end, 'end')];
  const all = (text: string) => {
    const tokens = wordsIn(text).flatMap((word) => vocabulary.get(word) ?? aliases.get(word) ?? unknown);
    return [...start, ...tokens, ...end];
  };
  const read = fitted(all, part.length, end[0], pad);
  if (unknown.length > 0) return read;
  const known = [...vocabulary.keys(), ...aliases.keys()].filter((word) => /^[\p{L}\p{N}]+$/u.test(word));
  const unread = (text: string) => {
    const words = wordsIn(text).filter((word) => !PUNCTUATION.test(word));
    return { words: words.filter((word) => !vocabulary.has(word) && !aliases.has(word)), known };
  };
  return Object.assign(read, { unread });
}
