import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { explain, ModelError, parseWith } from '../../../errors.js';
import { PROPERTIES, type Property } from './measure.js';

const row = z
  .strictObject({ word: z.string().min(1), from: z.number().nullable(), below: z.number().nullable() })
  .refine(({ from, below }) => from === null || below === null || from < below, 'from smaller than below');
const rows = z.array(row);

/** A captioner's thresholds as `training/` writes them (`caption.json`). */
const fields = z.strictObject({
  schema: z.literal('ir.caption/1'),
  length: z.int().min(1),
  pad: z.int().min(0),
  /** Words and their numbers; the tokenizer has them from its own file. */
  words: z.record(z.string(), z.int().min(0)),
  aliases: z.record(z.string(), z.string()),
  /** Properties that are the user's wish, not the content's: not said, since measured in I_reg they would ask for its faults. */
  quality: z.array(z.enum(PROPERTIES)),
  /** Of each property the rows, of which the first that holds gives the word. */
  properties: z.strictObject(
    Object.fromEntries(PROPERTIES.map((name) => [name, rows])) as Record<Property, typeof rows>,
  ),
});

/** Every word that is said has a number. */
const schema = fields.check(({ value: { words, properties }, issues }) => {
  for (const name of PROPERTIES)
    for (const [i, { word }] of properties[name].entries())
      if (!Object.hasOwn(words, word))
        issues.push({
          code: 'custom',
          message: 'a word that words gives a number',
          path: ['properties', name, i, 'word'],
          input: word,
        });
});

export type CaptionTable = z.output<typeof schema>;

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const told = { name: path, expected: 'a table of words (ir.caption/1) in JSON', got: (cause as Error).message };
    throw new ModelError(explain({ ...told, fix: 'Export it again' }), { cause });
  }
}

/** @throws ModelError where the file is not such a table, naming the place */
export async function readCaptionTable(path: string): Promise<CaptionTable> {
  const value = jsonOf(await readFile(path, 'utf8'), path);
  try {
    return parseWith(schema, value, path);
  } catch (cause) {
    throw new ModelError((cause as Error).message, { cause });
  }
}

/**
 * What a captioner says, the text encoder has to read as the same numbers as in training.
 * @param read a tokenizer of whole words; `first`: the place of a text's first word in what it gives
 * @throws ModelError naming the first word that it reads otherwise
 */
export function assertReadable(
  { words, length }: Pick<CaptionTable, 'words' | 'length'>,
  read: (text: string) => readonly number[],
  { table, vocabulary, first }: { readonly table: string; readonly vocabulary: string; readonly first: number },
): void {
  const refuse = (expected: string, got: string) =>
    new ModelError(explain({ name: vocabulary, expected, got, fix: `Export it together with ${table}` }));
  const empty = read('');
  if (empty.length !== length) throw refuse(`texts of ${length} words, as ${table} has it`, String(empty.length));
  for (const [word, number] of Object.entries(words)) {
    const got = read(word)[first];
    if (got !== number) throw refuse(`${JSON.stringify(word)} as number ${number}, as ${table} has it`, String(got));
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
