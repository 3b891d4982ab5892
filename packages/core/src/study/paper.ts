import { z } from 'zod';
import { UsageError, unknownName } from '../errors.js';
import { restorerSchema } from './sweeps.js';

const changeSchema = restorerSchema.pick({ settings: true, sweep: true, points: true });

/** Which pictures a spec means and how often: said of the spec itself, and under `paper`. */
export const longSideSchema = z.int().min(1).max(100_000).nullable();
export const seedsSchema = z.array(z.int().min(0)).min(1).max(1000);

/** What of a spec differs at the paper's sizes: `paper`. Whatever it does not name stays. */
export const paperSchema = z
  .strictObject({
    longSide: longSideSchema.optional(),
    seeds: seedsSchema.optional(),
    /** By label, or by id for all of its entries: settings go over the entry's, key by key; a sweep or points take the place of either. */
    restorers: z.record(z.string(), changeSchema).optional(),
    /** The name of the axis, where it says a number that changes. */
    axis: z.string().min(1).max(100).optional(),
  })
  .refine((paper) => Object.keys(paper).length > 0, { error: 'expected what differs at the paper’s sizes' });

type Entry = string | z.infer<typeof restorerSchema>;
type Change = z.infer<typeof changeSchema>;

const idOf = (entry: Entry): string => (typeof entry === 'string' ? entry : entry.id);
const labelOf = (entry: Entry): string => (typeof entry === 'string' ? entry : (entry.label ?? entry.id));

function changed(entry: Entry, change: Change | undefined): Entry {
  if (!change) return entry;
  const { sweep, points, ...given } = typeof entry === 'string' ? { id: entry } : entry;
  const spread = change.sweep || change.points ? {} : { ...(sweep ? { sweep } : {}), ...(points ? { points } : {}) };
  return { ...given, ...spread, ...change, settings: { ...given.settings, ...change.settings } };
}

function restorersAt(entries: readonly Entry[], changes: Readonly<Record<string, Change>>, name: string): Entry[] {
  const names = [...new Set([...entries.map(labelOf), ...entries.map(idOf)])];
  const unknown = Object.keys(changes).find((label) => !names.includes(label));
  if (unknown !== undefined)
    throw new UsageError('IR_E_UNKNOWN_NAME', unknownName(`${name}.paper.restorers`, unknown, names));
  return entries.map((entry) => changed(entry, changes[labelOf(entry)] ?? changes[idOf(entry)]));
}

interface Sized {
  readonly longSide: number | null;
  readonly seeds: number[];
  readonly restorers: Entry[];
  readonly figure: { readonly x?: string | null | undefined };
}

/** A spec with the changes of its `paper` made. @throws UsageError `IR_E_UNKNOWN_NAME` for a label or id that no restorer has */
export function atPaperSizes<S extends Sized>(spec: S, paper: z.infer<typeof paperSchema>, name: string): S {
  const { longSide, seeds, restorers, axis } = paper;
  return {
    ...spec,
    ...(longSide === undefined ? {} : { longSide }),
    ...(seeds ? { seeds } : {}),
    ...(restorers ? { restorers: restorersAt(spec.restorers, restorers, name) } : {}),
    ...(axis === undefined ? {} : { figure: { ...spec.figure, x: axis } }),
  };
}
