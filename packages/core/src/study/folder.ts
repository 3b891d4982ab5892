import { appendFile, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeValue, explain, InputError, UsageError, writing } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { decode } from '../image/decode.js';
import { encode } from '../image/encode.js';
import { imageHash } from '../image/hash.js';
import type { Cell, ResultMetric, Skipped, StudyImage, StudySpec } from './contract.js';
import { openStudyImage } from './images.js';
import type { DetailedPlan } from './plan.js';
import { parseStudySpec } from './spec.js';

/** The study that a folder holds, as `study.json` says it: enough to read results without pictures, registry or network. */
export interface Snapshot {
  readonly schema: 'ir.study-folder/1';
  readonly spec: StudySpec;
  readonly metrics: readonly ResultMetric[];
  readonly images: readonly StudyImage[];
  /** In the plan's order; picture, degradation and restorer by their place in the lists. */
  readonly cells: readonly {
    readonly key: string;
    readonly at: readonly [image: number, degradation: number, restorer: number];
    readonly seed: number;
    readonly degradationIdentity: string;
    readonly restorerIdentity: string;
    readonly keepPicture: boolean;
  }[];
  readonly originals: Readonly<Record<string, string>>;
  readonly imagesNote: string | null;
  readonly skipped: readonly Skipped[];
}

const FOLDERS = ['cells', 'pictures', 'originals'];
const OWN = new Set([
  ...FOLDERS,
  ...['study.json', 'manifest.json', 'results.jsonl', 'results.csv', 'timings.jsonl', 'report', '.lock', '.DS_Store'],
]);
const isTemporary = (name: string) => name.startsWith('.') && name.endsWith('.tmp');

/**
 * Makes the folder of a study, or finds one there. Any study may go on in a study's folder: cells are addressed by content, so those that
 * fit are used again and the others stay for the spec they belong to.
 * @throws UsageError `IR_E_USAGE` for a folder that holds something else; EnvironmentError `IR_E_WRITE`
 */
export async function openFolder(out: string): Promise<void> {
  if ((await stat(out).catch(() => undefined))?.isDirectory() === false)
    throw new UsageError('IR_E_USAGE', explain({ name: out, expected: 'a folder for results', got: 'a file' }));
  await writing(out, () => mkdir(out, { recursive: true }));
  const names = await writing(out, () => readdir(out));
  const foreign = names.find((name) => !OWN.has(name) && !isTemporary(name));
  if (foreign !== undefined && !names.includes('study.json')) {
    const expected = 'a new folder, or that of an earlier study';
    const told = { name: out, expected, got: `one with ${describeValue(foreign)}`, fix: 'Choose another folder' };
    throw new UsageError('IR_E_USAGE', explain(told));
  }
  for (const name of FOLDERS) await writing(out, () => mkdir(join(out, name), { recursive: true }));
}

/** What a killed run has left half-written. To be called by the holder of the lock. */
export async function sweepTemporaries(out: string): Promise<void> {
  for (const folder of [out, ...FOLDERS.map((name) => join(out, name))]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter(isTemporary)) await rm(join(folder, name), { force: true });
  }
}

export const originalName = (hash: string): string => `originals/${hash}.png`;

/** The pictures that the report shows beside the outputs, hash -> file. Those there and whole are left. @throws EnvironmentError `IR_E_WRITE` */
export async function keepOriginals(
  out: string,
  plan: DetailedPlan,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const { images, degradations } = plan.spec.pictures;
  const shown = degradations.length > 0 ? plan.images.slice(0, images) : [];
  const { variant, backend } = plan.machinery.native;
  for (const { hash, path } of shown) {
    const file = join(out, originalName(hash));
    const there = await decode(file).then(imageHash, () => undefined);
    if (there === hash) continue;
    const image = await openStudyImage(path, plan.spec.longSide, { variant, backend, ...(signal ? { signal } : {}) });
    await writeAtomically(file, await encode(image, 'png'));
  }
  return Object.fromEntries(shown.map(({ hash }) => [hash, originalName(hash)]));
}

/** @throws EnvironmentError `IR_E_WRITE` */
export async function writeSnapshot(
  out: string,
  plan: DetailedPlan,
  originals: Readonly<Record<string, string>>,
  imagesNote: string | null,
): Promise<Snapshot> {
  const snapshot: Snapshot = {
    schema: 'ir.study-folder/1',
    spec: plan.spec,
    metrics: plan.metrics,
    images: plan.images.map(({ name, hash, width, height }) => ({ name, hash, width, height })),
    cells: plan.cells.map(({ key, at, seed, degradationIdentity, restorerIdentity, keepPicture }) => ({
      ...{ key, at: [at.image, at.degradation, at.restorer] as const },
      ...{ seed, degradationIdentity, restorerIdentity, keepPicture },
    })),
    originals,
    imagesNote,
    skipped: plan.skipped,
  };
  await writeAtomically(join(out, 'study.json'), `${JSON.stringify(snapshot)}\n`);
  return snapshot;
}

/** @throws InputError `IR_E_NOT_FOUND` where the folder holds no study; UsageError `IR_E_SCHEMA` where it cannot be read */
export async function readSnapshot(out: string): Promise<Snapshot> {
  const path = join(out, 'study.json');
  const fix = 'Give the folder that `ir study run --out` wrote to';
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const told = { name: out, expected: 'the folder of a study', got: 'one without study.json', fix };
    throw new InputError('IR_E_NOT_FOUND', explain(told), { cause });
  }
  try {
    const snapshot = JSON.parse(text) as Snapshot;
    if (snapshot.schema !== 'ir.study-folder/1') throw new Error(`schema ${describeValue(snapshot.schema)}`);
    return { ...snapshot, spec: parseStudySpec(snapshot.spec, 'study.json spec') };
  } catch (cause) {
    const got = (cause as Error).message.split('\n')[0]!;
    const told = { name: path, expected: 'a study that this version reads', got, fix: 'Run the study again' };
    throw new UsageError('IR_E_SCHEMA', explain(told), { cause });
  }
}

/** The plan's cells, as far as tables need them. */
export const cellsOf = ({ spec, images, cells }: Snapshot): Cell[] =>
  cells.map(({ at: [image, degradation, restorer], ...cell }) => ({
    ...cell,
    image: images[image]!,
    degradation: spec.degradations[degradation]!,
    restorer: spec.restorers[restorer]!,
  }));

/** Appends a line to a log. One that a killed run left without its end gets it first. @throws EnvironmentError `IR_E_WRITE` */
export async function openLog(path: string): Promise<(line: object) => Promise<void>> {
  await writing(path, async () => {
    const file = await open(path, 'a+');
    try {
      const { size } = await file.stat();
      const last = size > 0 ? (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] : 10;
      if (last !== 10) await file.write('\n');
    } finally {
      await file.close();
    }
  });
  return (line) => writing(path, () => appendFile(path, `${JSON.stringify(line)}\n`));
}
