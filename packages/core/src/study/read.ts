import { type CellError, type CellResult, completeCells, readCellError } from './cells.js';
import type { Cell, ResultRow, RunManifest, StudyResults } from './contract.js';
import { cellsOf, readSnapshot } from './folder.js';
import { readManifest } from './manifest.js';
import { rowOf } from './tables.js';

/** Rows of the cells that have a result or an error, in the plan's order: from the files alone. */
export async function readRows(out: string, cells: readonly Cell[]): Promise<readonly ResultRow[]> {
  const done = await completeCells(out, cells);
  const rows: ResultRow[] = [];
  for (const cell of cells) {
    const result: CellResult | undefined = done.get(cell.key);
    const error: CellError | undefined = result ? undefined : await readCellError(out, cell.key);
    if (result || error) rows.push(rowOf(cell, result, error));
  }
  return rows;
}

const NO_MANIFEST: RunManifest = {
  schema: 'ir.run/1',
  versions: {},
  commit: null,
  native: {},
  host: {},
  models: {},
  images: [],
  seeds: [],
  specHash: '',
  runs: [],
};

/**
 * A study's results from its folder alone: no pictures, registry or network are needed, and a run that is unfinished or was killed gives the
 * rows it has. @throws InputError `IR_E_NOT_FOUND`; UsageError `IR_E_SCHEMA`
 */
export async function readStudy(out: string): Promise<StudyResults> {
  const snapshot = await readSnapshot(out);
  const cells = cellsOf(snapshot);
  const rows = await readRows(out, cells);
  const missing = cells.length - rows.length;
  const { spec, metrics, originals, imagesNote, skipped } = snapshot;
  const manifest = (await readManifest(out)) ?? NO_MANIFEST;
  return { spec, metrics, rows, originals, imagesNote, skipped, missing, manifest };
}
