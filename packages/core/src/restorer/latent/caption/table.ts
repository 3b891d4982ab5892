import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { explain, ModelError, parseWith } from '../../../errors.js';
import { PROPERTIES, type Property } from './measure.js';

const row = z.strictObject({ word: z.string().min(1), from: z.number().nullable(), below: z.number().nullable() });

/** A captioner's thresholds as `training/` writes them (`caption.json`). */
const schema = z.strictObject({
  schema: z.literal('ir.caption/1'),
  length: z.int().min(1),
  pad: z.int().min(0),
  /** Words and their numbers; the tokenizer has them from its own file. */
  words: z.record(z.string(), z.int().min(0)),
  aliases: z.record(z.string(), z.string()),
  /** Properties that are the user's wish, not the content's: not said, since measured in I_reg they would ask for its faults. */
  quality: z.array(z.enum(PROPERTIES)),
  /** Of each property the rows, of which the first that holds gives the word. */
  properties: z.record(z.enum(PROPERTIES), z.array(row)),
});

export type CaptionTable = z.output<typeof schema>;

/** @throws ModelError where the file is not such a table */
export async function readCaptionTable(path: string): Promise<CaptionTable> {
  try {
    return parseWith(schema, JSON.parse(await readFile(path, 'utf8')), path);
  } catch (cause) {
    const told = { name: path, expected: 'a table of words (ir.caption/1)', got: (cause as Error).message };
    throw new ModelError(explain(told), { cause });
  }
}

const holds = ({ from, below }: z.output<typeof row>, value: number): boolean =>
  (from === null || value >= from) && (below === null || value < below);

/** The words of measured properties, at most one each, in the order of `PROPERTIES`. */
export function wordsOf(
  table: CaptionTable,
  measured: Readonly<Record<Property, number>>,
  { quality }: { readonly quality: boolean },
): string[] {
  return PROPERTIES.flatMap((name) => {
    if (!quality && table.quality.includes(name)) return [];
    const said = table.properties[name].find((one) => holds(one, measured[name]));
    return said ? [said.word] : [];
  });
}
