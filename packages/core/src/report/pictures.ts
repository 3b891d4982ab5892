import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { extname, isAbsolute, join, normalize, sep } from 'node:path';
import type { ResultRow, StudyResults } from '../study/contract.js';

/** One output of a restorer in the viewer. */
export interface PlacedOutput {
  readonly row: ResultRow;
  /** Below the report's folder. */
  readonly file: string;
}

/** A picture of the study, its original and its outputs at one degradation. */
export interface PlacedPicture {
  readonly image: ResultRow['image'];
  readonly degradation: ResultRow['degradation'];
  readonly original: string | null;
  readonly outputs: readonly PlacedOutput[];
}

export interface PlacedPictures {
  readonly shown: readonly PlacedPicture[];
  /** Files that results name and that could not be taken, with the reason. */
  readonly absent: readonly { readonly file: string; readonly reason: string }[];
}

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** A file name that every system and every URL takes as it is: numbered, so that no two are alike. */
function plainName(number: number, words: readonly string[], extension: string): string {
  const slug = words
    .map((word) =>
      word
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 24),
    )
    .filter(Boolean)
    .join('_');
  return `${String(number).padStart(3, '0')}${slug ? `_${slug}` : ''}${extension}`;
}

/** Why a name from `results.jsonl` is not copied, whatever stands there: only pictures from below the study's folder are. */
function refusal(file: string): string | undefined {
  const plain = normalize(file);
  if (isAbsolute(plain) || plain.split(sep)[0] === '..') return 'lies outside the study';
  return EXTENSIONS.has(extname(plain).toLowerCase()) ? undefined : 'is not a picture that browsers show';
}

/** Copies pictures from the study's folder into the report's, so that the report can be moved and sent on its own. */
class Placement {
  readonly absent: { file: string; reason: string }[] = [];
  private readonly placed = new Map<string, string | null>();
  private count = 0;

  constructor(
    private readonly from: string,
    private readonly to: string,
  ) {}

  async place(file: string, words: readonly string[]): Promise<string | null> {
    const before = this.placed.get(file);
    if (before !== undefined) return before;
    const placed = await this.copy(file, words);
    this.placed.set(file, placed);
    return placed;
  }

  private async copy(file: string, words: readonly string[]): Promise<string | null> {
    const refused = refusal(file);
    if (refused !== undefined) {
      this.absent.push({ file, reason: refused });
      return null;
    }
    const target = `pictures/${plainName(++this.count, words, extname(file).toLowerCase())}`;
    try {
      await copyFile(join(this.from, file), join(this.to, target), constants.COPYFILE_FICLONE);
      return target;
    } catch (error) {
      const { code, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
      if (code !== 'ENOENT' || dest === undefined || path === undefined) throw error;
      this.absent.push({ file, reason: 'is missing' });
      return null;
    }
  }
}

/**
 * The pictures that a report shows, in the plan's order, copied from the study's folder to `report`. What is missing or is no
 * picture is left out and said; a disk that is full is an error.
 */
export async function placePictures(results: StudyResults, study: string, report: string): Promise<PlacedPictures> {
  await mkdir(join(report, 'pictures'), { recursive: true });
  const placement = new Placement(study, report);
  const shown = new Map<string, { picture: Omit<PlacedPicture, 'outputs'>; outputs: PlacedOutput[] }>();
  for (const row of results.rows) {
    if (row.picture === undefined) continue;
    const { image, degradation, restorer, seed } = row;
    const key = JSON.stringify([image.hash, degradation.name]);
    const original = results.originals[image.hash];
    const entry = shown.get(key) ?? {
      picture: {
        image,
        degradation,
        original: original === undefined ? null : await placement.place(original, [image.name, 'original']),
      },
      outputs: [],
    };
    shown.set(key, entry);
    const words = [
      image.name,
      degradation.name,
      restorer.label,
      ...(results.spec.seeds.length > 1 ? [`seed-${seed}`] : []),
    ];
    const file = await placement.place(row.picture, words);
    if (file !== null) entry.outputs.push({ row, file });
  }
  const complete = [...shown.values()].map(({ picture, outputs }) => ({ ...picture, outputs }));
  return {
    shown: complete.filter(({ outputs, original }) => outputs.length + (original === null ? 0 : 1) > 0),
    absent: placement.absent,
  };
}
