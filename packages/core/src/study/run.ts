import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { describeValue, explain, UsageError } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { type CellError, completeCells, errorPath, writeCellError } from './cells.js';
import { commandOf } from './command.js';
import type { StudyOptions, StudyOutcome, StudySpec } from './contract.js';
import {
  cellsOf,
  keepOriginals,
  openFolder,
  openLog,
  type Snapshot,
  sweepTemporaries,
  writeSnapshot,
} from './folder.js';
import { lockFolder } from './lock.js';
import { recordRun } from './manifest.js';
import type { Spent } from './messages.js';
import { type DetailedPlan, drawPlan, type PlannedCell } from './plan.js';
import { computeCells } from './pool.js';
import { readRows } from './read.js';
import { toCsv, toJsonl } from './tables.js';

function jobsOf({ jobs }: StudyOptions, { threads }: StudySpec): number {
  if (jobs === undefined) return Math.max(1, Math.floor(availableParallelism() / threads));
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1024) return jobs;
  const told = { name: 'jobs', expected: 'an integer in 1..1024', got: describeValue(jobs) };
  throw new UsageError('IR_E_USAGE', explain(told));
}

const TABLES = ['results.jsonl', 'results.csv'];

/** The tables stand there only while they are of the study in the folder, and whole. */
async function removeTables(out: string): Promise<void> {
  for (const name of TABLES) await rm(join(out, name), { force: true });
}

async function writeTables(out: string, snapshot: Snapshot): Promise<void> {
  const rows = await readRows(out, cellsOf(snapshot));
  await writeAtomically(join(out, 'results.jsonl'), toJsonl(rows));
  await writeAtomically(join(out, 'results.csv'), toCsv(rows, snapshot.metrics));
}

/** A line of `timings.jsonl`: what a cell has cost. */
const timing = ({ key, image, degradation, restorer, seed }: PlannedCell, spent: Spent) => ({
  cell: key,
  image: image.name,
  degradation: degradation.name,
  restorer: restorer.label,
  seed,
  ...spent,
  ended: new Date().toISOString(),
});

/** Counts cells for whoever watches, naming the one just finished. */
function progressOf({ onProgress, signal }: StudyOptions, total: number, done: number) {
  let completed = done;
  const tell = (cell?: PlannedCell) => {
    if (signal?.aborted) return;
    const detail = cell && `${cell.image.name}, ${cell.degradation.name}, ${cell.restorer.label}`;
    onProgress?.({ phase: 'study', completed, total, ...(detail ? { detail } : {}) });
  };
  tell();
  return (cell: PlannedCell) => {
    completed++;
    tell(cell);
  };
}

/** The cells that are not done, computed. Every result is written by the child that made it; here are the log, the errors and the count. */
async function computeMissing(
  out: string,
  plan: DetailedPlan,
  { todo, jobs }: { todo: readonly PlannedCell[]; jobs: number },
  options: StudyOptions,
): Promise<StudyOutcome> {
  const { spec, images, machinery, cells } = plan;
  const { signal, registryModule } = options;
  const { variant, backend } = machinery.native;
  const log = await openLog(join(out, 'timings.jsonl'));
  const next = progressOf(options, cells.length, cells.length - todo.length);
  const failures = new Map<string, CellError>();
  await computeCells(
    todo,
    { registryModule, out, spec, images, native: { variant, backend } },
    {
      jobs,
      ...(signal ? { signal } : {}),
      async onDone(cell, spent) {
        await log(timing(cell, spent));
        next(cell);
      },
      async onFailed(cell, error) {
        failures.set(cell.key, error);
        await writeCellError(out, cell.key, error);
        next(cell);
      },
    },
  );
  const failed = todo.flatMap((cell) => {
    const error = failures.get(cell.key);
    return error ? [{ cell: publicCell(cell), ...error }] : [];
  });
  return { out, cells: cells.length, computed: todo.length - failed.length, failed };
}

const publicCell = ({ address: _, at: __, ...cell }: PlannedCell) => cell;

/** What is to be done in a folder that is ours alone for the time being. */
async function runLocked(out: string, plan: DetailedPlan, options: StudyOptions): Promise<StudyOutcome> {
  const { signal, imagesNote = null } = options;
  await sweepTemporaries(out);
  const jobs = jobsOf(options, plan.spec);
  const done = await completeCells(out, plan.cells, signal);
  const todo = plan.cells.filter((cell) => !done.has(cell.key));
  await removeTables(out);
  const snapshot = await writeSnapshot(out, plan, await keepOriginals(out, plan, signal), imagesNote);
  // A failure is of the run that met it: cells without a result are tried again.
  for (const { key } of plan.cells) await rm(errorPath(out, key), { force: true });
  const record = await recordRun(out, plan, { jobs, command: commandOf(options), cellsDone: done.size });
  try {
    const outcome = await computeMissing(out, plan, { todo, jobs }, options);
    await writeTables(out, snapshot);
    const failed = outcome.failed.length;
    await record.end(failed > 0 ? 'partial' : 'complete', outcome.cells - failed);
    return outcome;
  } catch (error) {
    // The record is a courtesy here: on a full disk it cannot be written, and the error told has to be the first one.
    const { size } = await completeCells(out, plan.cells);
    await record.end(signal?.aborted ? 'interrupted' : 'partial', size).catch(() => {});
    throw error;
  }
}

/**
 * Runs a study, or goes on with it: cells whose results are in the folder, whole and valid, are not computed again. Cells run in child
 * processes; a cell that fails (in the end: with its process, or by the time it takes) leaves an error in its row and the others go on; it is tried again by the next
 * run. At the end stand `results.jsonl` and `results.csv`, the same to the byte whatever was killed, in whatever order, with however many jobs.
 *
 * Another spec or other pictures may be run in the same folder: cells are addressed by content, so what fits is used again and what does not is
 * left for the spec it belongs to; `study.json` and the tables are of the last one. A folder that holds anything else is refused.
 * @throws as `planStudy`; UsageError `IR_E_USAGE` (folder in use or of another kind); EnvironmentError `IR_E_WRITE` (a full disk: finished
 * cells stay), `IR_E_WORKER`, `IR_E_ENVIRONMENT`; rejects with the signal's reason, when the children are gone
 */
export async function runStudy(spec: StudySpec, options: StudyOptions): Promise<StudyOutcome> {
  jobsOf(options, spec);
  const out = resolve(options.out);
  const plan = await drawPlan(spec, options);
  await openFolder(out);
  const lock = await lockFolder(out);
  try {
    return await runLocked(out, plan, options);
  } finally {
    // Children ended in the middle leave what they were writing.
    await sweepTemporaries(out);
    await lock.release();
  }
}
