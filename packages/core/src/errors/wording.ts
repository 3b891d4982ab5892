/** The four parts of every message: for which name, what was expected, what came, what to do. */
export interface Explanation {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
  /** One sentence; a full stop is added where it ends without a mark. */
  readonly fix?: string | undefined;
}

/** `NAME: expected EXPECTED, got GOT. FIX.` */
export function explain({ name, expected, got, fix }: Explanation): string {
  const told = `${name}: expected ${expected}, got ${got}.`;
  if (!fix) return told;
  return `${told} ${fix}${/[.?!]$/.test(fix) ? '' : '.'}`;
}

const LONGEST = 60;
const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text);

/** A value in a few words, for the "got" part of a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return cut(JSON.stringify(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value)) {
    const length = (value as unknown as { length?: number }).length ?? value.byteLength;
    return `${Object.prototype.toString.call(value).slice(8, -1)} of length ${length}`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : cut(`an object with ${keys.join(', ')}`);
}

/** `1 picture`, `3 pictures`. */
export const counted = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`;

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing there',
  EISDIR: 'a folder',
  ENOTDIR: 'a file',
  EEXIST: 'a file of that name',
  EACCES: 'no permission for it',
  EPERM: 'no permission for it',
  EROFS: 'a file system that is read-only',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'a name that is too long',
  EMFILE: 'too many open files',
};

/** What came of a file or folder that could not be read or written, for the "got" part of a message: what the system's code means, else its words. */
export function fileProblem(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return (code !== undefined && FILE_PROBLEMS[code]) || String(message ?? cause).split('\n')[0]!;
}

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * The known name closest to `name`, compared without case; undefined when none is near (more than a third of the letters
 * would have to change). Of equally near names the one listed first.
 */
export function suggest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.slice(0, 64).toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (distance <= allowed && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The message for a name that is not among the known ones: a suggestion where one is near, else the list. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  const list = known.length === 0 ? 'none is known' : known.join(', ');
  return explain({
    name: kind,
    expected: `one of: ${list}`,
    got: describeValue(name),
    fix: near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`,
  });
}
