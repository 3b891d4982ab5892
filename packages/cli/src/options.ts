import { describeValue, explain, parseTile, suggest, TILE_FORMS, type TilePlan, UsageError } from '@ir/core';
import type { Command } from 'commander';

/** How the values of flags are read. All throw UsageError `IR_E_USAGE`, naming the flag, what it takes and what came. */

const refuse = (flag: string, expected: string, got: string, fix?: string) =>
  new UsageError('IR_E_USAGE', explain({ name: flag, expected, got: describeValue(got), fix }));

/** A whole number within bounds. */
export const integer =
  (flag: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw refuse(flag, `a whole number ${range}`, text);
  };

/** A number from 0. */
export const number =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d/.test(text) && Number.isFinite(value)) return value;
    throw refuse(flag, 'a number of at least 0', text);
  };

/** `512x384`: width and height in pixels. */
export const size =
  (flag: string) =>
  (text: string): { readonly width: number; readonly height: number } => {
    const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
    if (width !== undefined && height !== undefined) return { width: Number(width), height: Number(height) };
    throw refuse(flag, 'WIDTHxHEIGHT in pixels, for example 512x512', text);
  };

/** A seed of up to 64 bits. */
export function seed(text: string): number | bigint {
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << 64n) throw refuse('--seed', 'a whole number from 0 to 2^64 - 1', text);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** Several seeds of a study. */
export const seeds =
  (flag: string) =>
  (text: string): number[] =>
    list(flag)(text).map(integer(flag, 0));

/** Pixels, or `none`. */
export const longSide = (text: string): number | 'none' =>
  text === 'none' ? text : integer('--long-side', 1, 100_000)(text);

/** Lists that were given, to be told from an option's default. */
const lists = new WeakSet<readonly string[]>();

/** `psnr,ssim-y`: words between commas, each once; a flag given again adds to them. */
export const list =
  (flag: string) =>
  (text: string, before?: readonly string[]): string[] => {
    const words = text.split(',').map((word) => word.trim());
    if (words.includes('')) throw refuse(flag, 'words with commas between them', text);
    const all = [...new Set([...(before && lists.has(before) ? before : []), ...words])];
    lists.add(all);
    return all;
  };

/** One of a few words. */
export const choice =
  <T extends string>(flag: string, known: readonly T[]) =>
  (text: string): T => {
    const found = known.find((one) => one === text);
    if (found) return found;
    const near = suggest(text, known);
    throw refuse(flag, `one of ${known.join(', ')}`, text, near && `Did you mean ${near}?`);
  };

/** `512+96`, `auto` or `none`. */
export function tile(text: string): TilePlan | 'auto' | 'none' {
  const plan = parseTile(text);
  if (plan === undefined) throw refuse('--tile', TILE_FORMS, text);
  return plan;
}

/** `-1,1`: the values of black and white. */
export const range =
  (flag: string) =>
  (text: string): readonly [number, number] => {
    const [low = Number.NaN, high = Number.NaN, ...more] = text
      .split(',')
      .map((part) => (part.trim() ? Number(part) : Number.NaN));
    if (more.length > 0 || !Number.isFinite(low) || !Number.isFinite(high) || low === high)
      throw refuse(flag, 'the values of black and white, for example 0,1 or -1,1', text);
    return [low, high];
  };

/** `iterations=20`, given as often as needed: a setting's name and its value, JSON where it reads as such; nothing is an empty text. */
export function setting(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, key, value] = /^([A-Za-z][\w-]*)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw refuse('--set', 'NAME=VALUE', text);
  try {
    return { ...before, [key]: JSON.parse(value) as unknown };
  } catch {
    if (/^[{[]/.test(value)) throw refuse('--set', `JSON after ${key}=`, value);
    return { ...before, [key]: value };
  }
}

/** Text given as often as needed, in order. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** `--json` and `--quiet`, which every command has. */
export function withOutputFlags(command: Command): Command {
  return command
    .option('--json', 'print one JSON object instead of text')
    .option('-q, --quiet', 'no progress and no remarks on stderr');
}

export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

/** `{}` for an option that was not given, so that it is absent rather than undefined. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
