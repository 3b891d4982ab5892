import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../image/atomic.js';
import { REASONS, type Score } from '../metric/contract.js';
import { hashOf } from './canonical.js';
import type { Cell, ResultRow } from './contract.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const resultSchema = z.strictObject({
  schema: z.literal('ir.cell/1'),
  key: hash,
  /** What the key is the hash of: a result says by itself what it is of. */
  address: z.record(z.string(), z.unknown()),
  scores: z.record(
    z.string(),
    z.union([z.strictObject({ value: z.number() }), z.strictObject({ value: z.null(), reason: z.enum(REASONS) })]),
  ),
  /** SHA-256 of the bytes of the output's file; null where it was not kept. */
  picture: hash.nullable(),
  /** SHA-256 over the canonical JSON of the rest. */
  checksum: hash,
});

const errorSchema = z.strictObject({
  schema: z.literal('ir.cell-error/1'),
  key: hash,
  code: z.string(),
  message: z.string(),
});

/** A cell's result as its file holds it. */
export interface CellResult {
  readonly key: string;
  readonly address: object;
  readonly scores: Readonly<Record<string, Score>>;
  readonly picture: string | null;
}

export type CellError = NonNullable<ResultRow['error']>;

export const cellPath = (out: string, key: string) => join(out, 'cells', `${key}.json`);
export const errorPath = (out: string, key: string) => join(out, 'cells', `${key}.error.json`);
/** Below the study's folder, with the slashes of a URL. */
export const pictureName = (key: string) => `pictures/${key}.png`;

/** @throws EnvironmentError `IR_E_WRITE` */
export async function writeCell(out: string, result: CellResult): Promise<void> {
  const body = { schema: 'ir.cell/1', ...result };
  await writeAtomically(cellPath(out, result.key), `${JSON.stringify({ ...body, checksum: hashOf(body) })}\n`);
}

/** @throws EnvironmentError `IR_E_WRITE` */
export async function writeCellError(out: string, key: string, { code, message }: CellError): Promise<void> {
  await writeAtomically(errorPath(out, key), `${JSON.stringify({ schema: 'ir.cell-error/1', key, code, message })}\n`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function hashOfFile(path: string): Promise<string | undefined> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array);
    return digest.digest('hex');
  } catch {
    return undefined;
  }
}

/** The cells that count: those with a key, and a picture to be there. */
type Wanted = Pick<Cell, 'key' | 'keepPicture'>;

/** A cell's result where it is done: it parses, its checksum holds, its key is the address's and the one asked for, its picture is whole. */
export async function readCell(out: string, { key, keepPicture }: Wanted): Promise<CellResult | undefined> {
  const parsed = resultSchema.safeParse(await readJson(cellPath(out, key)));
  if (!parsed.success) return undefined;
  const { checksum, ...body } = parsed.data;
  if (body.key !== key || hashOf(body) !== checksum || hashOf(body.address) !== key) return undefined;
  if (keepPicture && (!body.picture || (await hashOfFile(join(out, pictureName(key)))) !== body.picture))
    return undefined;
  return body as CellResult;
}

/** The results on disk, whole and valid, by key. */
export async function completeCells(out: string, cells: readonly Wanted[], signal?: AbortSignal) {
  const done = new Map<string, CellResult>();
  for (const cell of cells) {
    signal?.throwIfAborted();
    const result = await readCell(out, cell);
    if (result) done.set(cell.key, result);
  }
  return done;
}

/** Why a cell has no result, where an attempt has failed. */
export async function readCellError(out: string, key: string): Promise<CellError | undefined> {
  const parsed = errorSchema.safeParse(await readJson(errorPath(out, key)));
  if (!parsed.success || parsed.data.key !== key) return undefined;
  const { code, message } = parsed.data;
  return { code, message };
}
