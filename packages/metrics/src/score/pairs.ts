import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { explain, fileProblem, InputError, suggest, UsageError } from '@ir/core';

/** Files that belong together. */
export interface FilePair {
  /** File name of the output. */
  readonly name: string;
  /** null: scored without reference. */
  readonly reference: string | null;
  readonly output: string;
  /** The degraded picture, I_y. */
  readonly input?: string;
}

/** What is to be paired: files, or folders of files. */
export interface PairRequest {
  readonly reference?: string | undefined;
  readonly output: string;
  readonly input?: string | undefined;
  /** `A=B`: file A of the reference folder belongs to file B of the output folder, whatever their stems. */
  readonly pairs?: readonly string[] | undefined;
}

const PICTURES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff']);

/** File name without folder and extension. */
export const stemOf = (path: string): string => basename(path, extname(path));

async function kindOf(path: string): Promise<'file' | 'folder'> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const got = fileProblem(cause);
    throw new InputError('IR_E_NOT_FOUND', explain({ name: path, expected: 'a picture or a folder', got }), { cause });
  });
  return found.isDirectory() ? 'folder' : 'file';
}

/** Picture files of a folder by name in code-point order; subfolders, hidden files and files of other kinds are passed over. */
export async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  return names.filter((name) => PICTURES.has(extname(name).toLowerCase())).sort();
}

class Folder {
  readonly #byStem = new Map<string, string>();

  private constructor(
    readonly path: string,
    readonly files: readonly string[],
  ) {
    for (const file of files) {
      const before = this.#byStem.get(stemOf(file));
      if (before !== undefined) throw ambiguous(path, before, file);
      this.#byStem.set(stemOf(file), file);
    }
  }

  static async open(path: string, apart: ReadonlySet<string> = new Set()): Promise<Folder> {
    return new Folder(
      path,
      (await picturesIn(path)).filter((file) => !apart.has(file)),
    );
  }

  withStem(stem: string): string | undefined {
    return this.#byStem.get(stem);
  }
}

function ambiguous(folder: string, a: string, b: string): UsageError {
  const fix = 'Move one away, or name the pairs with --pair REFERENCE=OUTPUT';
  return new UsageError(
    'IR_E_USAGE',
    explain({ name: folder, expected: 'one picture of each stem', got: `${a} and ${b}`, fix }),
  );
}

function unmatched(file: string, other: Folder, what: string): UsageError {
  const near = suggest(file, other.files);
  return new UsageError(
    'IR_E_USAGE',
    explain({
      name: file,
      expected: `${what} of the stem ${JSON.stringify(stemOf(file))} in ${other.path}`,
      got: other.files.length === 0 ? 'a folder without pictures' : 'none',
      fix: near ? `Did you mean ${near}? Say so with --pair` : 'Name the pair with --pair REFERENCE=OUTPUT',
    }),
  );
}

/** `A=B` as two file names, each present in its folder. A name may hold an equals sign if the split is still unique. */
function explicit(text: string, references: readonly string[], outputs: readonly string[]): readonly [string, string] {
  const splits = [...text].flatMap((char, i) => (char === '=' ? [[text.slice(0, i), text.slice(i + 1)] as const] : []));
  const fitting = splits.filter(([a, b]) => references.includes(a) && outputs.includes(b));
  if (fitting.length === 1) return fitting[0]!;
  const [a = text, b = ''] = splits[0] ?? [];
  const missing = references.includes(a) ? suggest(b, outputs) : suggest(a, references);
  throw new UsageError(
    'IR_E_USAGE',
    explain({
      name: 'pair',
      expected: 'REFERENCE=OUTPUT, a file name of each folder',
      got: JSON.stringify(text),
      fix: missing ? `Did you mean ${missing}?` : undefined,
    }),
  );
}

async function pairFolders(reference: string, output: string, pairs: readonly string[]): Promise<[string, string][]> {
  const [references, outputs] = [await picturesIn(reference), await picturesIn(output)];
  const named = pairs.map((text) => explicit(text, references, outputs));
  for (const side of [0, 1] as const) {
    const twice = named.map((pair) => pair[side]).find((file, i, all) => all.indexOf(file) !== i);
    if (twice !== undefined)
      throw new UsageError('IR_E_USAGE', explain({ name: 'pair', expected: 'every file once', got: `${twice} twice` }));
  }
  const left = await Folder.open(reference, new Set(named.map(([a]) => a)));
  const right = await Folder.open(output, new Set(named.map(([, b]) => b)));
  for (const file of left.files) if (!right.withStem(stemOf(file))) throw unmatched(file, right, 'an output');
  const byStem = right.files.map((file): [string, string] => {
    const partner = left.withStem(stemOf(file));
    if (partner === undefined) throw unmatched(file, left, 'a reference');
    return [partner, file];
  });
  const all = [...named.map(([a, b]): [string, string] => [a, b]), ...byStem].sort(([, a], [, b]) => (a < b ? -1 : 1));
  return all.map(([a, b]) => [join(reference, a), join(output, b)]);
}

const mixed = (name: string, expected: string, got: string) =>
  new UsageError('IR_E_USAGE', explain({ name, expected: `a ${expected}, as the output is`, got: `a ${got}` }));

/**
 * Which files belong together: two files as they stand; two folders by stem (`a.png` with `a.jpg`), or as `pairs` says; never by position. The
 * inputs' folder is matched by the stem of the output, else of the reference. In the order of the outputs' names.
 * @throws UsageError `IR_E_USAGE` for a file without a partner, two files of one stem, a file against a folder; InputError `IR_E_NOT_FOUND`
 */
export async function pairFiles({ reference, output, input, pairs = [] }: PairRequest): Promise<FilePair[]> {
  const kind = await kindOf(output);
  for (const [name, path] of [
    ['reference', reference],
    ['input', input],
  ] as const) {
    const other = path === undefined ? kind : await kindOf(path);
    if (other !== kind) throw mixed(name, kind, other);
  }
  if (kind === 'file') {
    if (pairs.length > 0) throw mixed('pair', 'folder for reference and output', 'file');
    return [
      { name: basename(output), reference: reference ?? null, output, ...(input === undefined ? {} : { input }) },
    ];
  }
  const matched: [string | null, string][] =
    reference === undefined
      ? (await Folder.open(output)).files.map((file) => [null, join(output, file)])
      : await pairFolders(reference, output, pairs);
  if (matched.length === 0)
    throw new UsageError('IR_E_USAGE', explain({ name: output, expected: 'pictures', got: 'a folder without any' }));
  const inputs = input === undefined ? undefined : await Folder.open(input);
  return matched.map(([first, second]) => {
    const file =
      inputs && (inputs.withStem(stemOf(second)) ?? (first === null ? undefined : inputs.withStem(stemOf(first))));
    if (inputs && file === undefined) throw unmatched(basename(second), inputs, 'an input');
    return {
      name: basename(second),
      reference: first,
      output: second,
      ...(file === undefined ? {} : { input: join(inputs!.path, file) }),
    };
  });
}
