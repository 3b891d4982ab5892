import { readFile, stat } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { degradationIdentity } from '../degradation/identity.js';
import { describeValue, explain, fileProblem, InputError, parseWith, UsageError, unknownName } from '../errors.js';
import { spelledOutTile } from '../restorer/tile.js';
import { canonicalJson } from './canonical.js';
import { claimSchema, claimsOf } from './claims.js';
import type { StudyMetric, StudySpec } from './contract.js';
import { type Entry, parseEntry } from './degradations.js';
import { atPaperSizes, longSideSchema, paperSchema, seedsSchema } from './paper.js';
import { assertCurves, type RestorerEntry, restorerSchema, seriesOf, spellOut } from './sweeps.js';

const MAX_BYTES = 1024 * 1024;
const id = z.string().min(1).max(100);

const metricSchema = z.strictObject({
  alias: id,
  crop: z.int().min(0).max(4096).optional(),
  encoder: id.optional(),
  alignSize: z.enum(['native', 'crop224', 'tiles']).optional(),
  alignment: z.enum(['gt', 'input']).optional(),
  optional: z.boolean().optional(),
});

const figureSchema = z.strictObject({
  x: z.string().min(1).max(100).nullable().optional(),
  scale: z.enum(['linear', 'log']).default('linear'),
  over: z.enum(['degradations', 'restorers']).optional(),
  levels: z.array(z.string()).optional(),
});

const MOST_RESTORERS = 1000;

const specSchema = z.strictObject({
  schema: z.literal('ir.study/1'),
  title: z.string().min(1).max(200),
  description: z.string().max(4000).default(''),
  longSide: longSideSchema.default(null),
  degradations: z.array(z.unknown()).min(1).max(1000),
  restorers: z
    .array(z.union([id, restorerSchema]))
    .min(1)
    .max(MOST_RESTORERS),
  metrics: z
    .array(z.union([id, metricSchema]))
    .min(1)
    .max(100),
  seeds: seedsSchema.default([0]),
  threads: z.int().min(1).max(256).default(1),
  bootstrap: z
    .strictObject({ resamples: z.int().min(1).max(1_000_000).default(2000), seed: z.int().min(0).default(0) })
    .prefault({}),
  figure: figureSchema.prefault({}),
  claims: z.array(claimSchema).max(100).optional(),
  pictures: z
    .strictObject({
      images: z.int().min(0).max(10_000).default(3),
      degradations: z.array(z.union([z.number(), z.string()])).default([]),
    })
    .prefault({}),
  detail: z.boolean().optional(),
  inapplicable: z.enum(['refuse', 'skip']).default('refuse'),
  cellMinutes: z.number().positive().max(10_000).optional(),
  paper: paperSchema.optional(),
});

/** Which of its sizes a spec is read at. */
export interface SpecOptions {
  /** The paper's, which the spec gives under `paper`, instead of its own. */
  readonly paper?: boolean;
}

const refuse = (name: string, expected: string, got: string, fix?: string) =>
  new UsageError('IR_E_SCHEMA', explain({ name, expected, got, fix }));

/** Names, and what they stand for, may be there once. */
function assertDistinct(items: readonly string[], expected: string, at: string): void {
  const twice = items.find((item, i) => items.indexOf(item) < i);
  if (twice !== undefined) throw refuse(at, expected, `${describeValue(twice)} twice`);
}

function degradationsOf(values: readonly unknown[], name: string) {
  const entries = values.map((value, i) => parseEntry(value, `${name}.degradations[${i}]`));
  const degradations = entries.flatMap((entry) => entry.degradations);
  const at = `${name}.degradations`;
  assertDistinct(
    degradations.map((one) => one.name),
    'names that differ',
    at,
  );
  assertDistinct(
    degradations.map((one) => degradationIdentity(one.degradation)),
    'degradations that differ',
    at,
  );
  return { entries, degradations };
}

function restorersOf(values: readonly (string | z.infer<typeof restorerSchema>)[], name: string) {
  const at = `${name}.restorers`;
  const entries = values.map((value, i) => spellOut(value, `${at}[${i}]`));
  const restorers = entries.flatMap((entry) => entry.restorers.map(spelledOutTile));
  if (restorers.length > MOST_RESTORERS) throw refuse(at, `at most ${MOST_RESTORERS}`, String(restorers.length));
  assertDistinct(
    restorers.map((one) => one.label),
    'labels that differ',
    at,
  );
  assertDistinct(
    restorers.map((one) => canonicalJson([one.id, one.settings])),
    'restorers or settings that differ',
    at,
  );
  assertCurves(restorers, at);
  return { entries, restorers };
}

function metricsOf(values: readonly (string | z.infer<typeof metricSchema>)[], name: string): StudyMetric[] {
  const metrics = values.map((value) => (typeof value === 'string' ? { alias: value } : value) as StudyMetric);
  assertDistinct(
    metrics.map((one) => one.alias),
    'each metric once',
    `${name}.metrics`,
  );
  return metrics;
}

interface Swept {
  readonly degradations: ReturnType<typeof degradationsOf>;
  readonly restorers: ReturnType<typeof restorersOf>;
}

/** The axis of the sweeps, where all have the same. */
function axisOf(entries: readonly (Entry | RestorerEntry)[]): string | null {
  const axes = new Set(entries.flatMap(({ axis }) => (axis === undefined ? [] : [axis])));
  return axes.size === 1 ? [...axes][0]! : null;
}

/** The figure's axis: as said, else that of a spec's only sweep, of degradations or of restorers. */
function figureOf(asked: z.infer<typeof figureSchema>, swept: Swept, name: string): StudySpec['figure'] {
  const { degradations, restorers } = swept;
  const placed = degradations.degradations.some(({ x }) => x !== null);
  const curves = seriesOf(restorers.restorers).size > 0;
  if ((asked.over ?? (curves && !placed ? 'restorers' : 'degradations')) === 'restorers')
    return figureOverRestorers(asked, restorers, name);
  return figureOverDegradations(asked, degradations, name);
}

/** Every degradation has to stand on the axis. */
function figureOverDegradations(
  { x, scale, levels }: z.infer<typeof figureSchema>,
  { entries, degradations }: Swept['degradations'],
  name: string,
): StudySpec['figure'] {
  const axis = x === undefined && entries.length === 1 ? (entries[0]!.axis ?? null) : (x ?? null);
  const off = axis === null ? undefined : degradations.find((one) => one.x === null || (scale === 'log' && one.x <= 0));
  if (levels !== undefined) throw refuse(`${name}.figure.levels`, 'nothing, since degradations are the axis', 'a list');
  if (!off) return { x: axis, scale };
  const expected = `a ${scale === 'log' ? 'positive ' : ''}number for ${describeValue(off.name)}, since figure.x names an axis`;
  throw refuse(
    `${name}.degradations x`,
    expected,
    describeValue(off.x ?? undefined),
    'Give x, or set figure.x to null',
  );
}

/** Restorers without a series are levels beside the curves, all or those that are named. */
function figureOverRestorers(
  { x, scale, over, levels }: z.infer<typeof figureSchema>,
  { entries, restorers }: Swept['restorers'],
  name: string,
): StudySpec['figure'] {
  const axis = x === undefined ? axisOf(entries) : x;
  if (axis === null) {
    if (levels !== undefined) throw refuse(`${name}.figure.levels`, 'nothing, since no curves are drawn', 'a list');
    if (over === undefined || x === null) return { x: null, scale };
    throw refuse(`${name}.figure.x`, 'the name of the axis', 'nothing', 'Give it: the sweeps do not agree on one');
  }
  if (seriesOf(restorers).size === 0)
    throw refuse(`${name}.figure.over`, 'degradations, since no restorer has x and series', '"restorers"');
  const off = restorers.find((one) => scale === 'log' && one.x !== undefined && one.x <= 0);
  const still = restorers.filter((one) => one.series === undefined).map(({ label }) => label);
  const unknown = levels?.find((label) => !still.includes(label));
  if (unknown !== undefined)
    throw new UsageError('IR_E_UNKNOWN_NAME', unknownName(`${name}.figure.levels`, unknown, still));
  if (!off) return { x: axis, scale, over: 'restorers', ...(levels ? { levels } : {}) };
  const expected = `a positive number for ${describeValue(off.label)}, since figure.scale is log`;
  throw refuse(`${name}.restorers x`, expected, String(off.x));
}

function picturesOf(
  { images, degradations: asked }: { images: number; degradations: readonly (string | number)[] },
  degradations: StudySpec['degradations'],
  name: string,
): StudySpec['pictures'] {
  const names = asked.map((one) => {
    const found = degradations.find((d) => (typeof one === 'number' ? d.x === one : d.name === one));
    if (found) return found.name;
    const known = degradations.map((d) => (typeof one === 'number' ? String(d.x) : d.name));
    throw new UsageError('IR_E_UNKNOWN_NAME', unknownName(`${name}.pictures.degradations`, String(one), known));
  });
  return { images, degradations: [...new Set(names)] };
}

function parseText(text: string, name: string): unknown {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    const got = (cause as Error).message.split('\n')[0]!;
    throw new UsageError('IR_E_SCHEMA', explain({ name, expected: 'YAML of a study', got }), { cause });
  }
  try {
    JSON.stringify(value);
  } catch (cause) {
    const told = { name, expected: 'values that end', got: 'an alias inside what it stands for' };
    throw new UsageError('IR_E_SCHEMA', explain(told), { cause });
  }
  return value;
}

/**
 * A study from YAML or data, defaults filled in and shorthand spelled out: a degradation as a preset's name, an identity, steps or a sweep; a
 * restorer as its id or a sweep over its settings; a metric as its alias; `pictures.degradations` by name or by x. What it returns, it takes again
 * unchanged.
 * @param name what the user calls it, for messages
 * @throws UsageError `IR_E_SCHEMA`, `IR_E_UNKNOWN_NAME`, with a suggestion for unknown keys
 */
export function parseStudySpec(value: unknown, name = 'study', { paper = false }: SpecOptions = {}): StudySpec {
  const given = parseWith(specSchema, typeof value === 'string' ? parseText(value, name) : value, name);
  if (!given.paper) {
    if (paper) throw refuse(`${name}.paper`, 'what differs at the paper’s sizes', 'nothing');
    return resolve(given, name);
  }
  // Both are read, so that neither is found wrong only when it is asked for.
  const [small, large] = [resolve(given, name), resolve(atPaperSizes(given, given.paper, name), `${name} (paper)`)];
  return paper ? large : small;
}

function resolve(spec: z.output<typeof specSchema>, name: string): StudySpec {
  const { degradations, entries } = degradationsOf(spec.degradations, name);
  const restorers = restorersOf(spec.restorers, name);
  const metrics = metricsOf(spec.metrics, name);
  const subjects = { degradations, restorers: restorers.restorers, metrics };
  assertDistinct(spec.seeds.map(String), 'seeds that differ', `${name}.seeds`);
  return {
    schema: spec.schema,
    title: spec.title,
    description: spec.description.trim(),
    longSide: spec.longSide,
    ...subjects,
    seeds: spec.seeds,
    threads: spec.threads,
    bootstrap: spec.bootstrap,
    figure: figureOf(spec.figure, { degradations: { entries, degradations }, restorers }, name),
    ...(spec.claims ? { claims: claimsOf(spec.claims, subjects, name) } : {}),
    pictures: picturesOf(spec.pictures, degradations, name),
    ...(spec.detail ? { detail: true } : {}),
    inapplicable: spec.inapplicable,
    ...(spec.cellMinutes === undefined ? {} : { cellMinutes: spec.cellMinutes }),
  };
}

/** A study's spec file. @throws InputError `IR_E_NOT_FOUND`, `IR_E_LIMIT` (above 1 MiB); as `parseStudySpec` */
export async function loadStudySpec(path: string, options: SpecOptions = {}): Promise<StudySpec> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new InputError(
        'IR_E_LIMIT',
        explain({ name: path, expected: `at most ${MAX_BYTES} bytes`, got: String(size) }),
      );
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const got = fileProblem(cause);
    const told = { name: path, expected: 'a study to read', got, fix: 'Check the path; examples stand in studies/' };
    throw new InputError('IR_E_NOT_FOUND', explain(told), { cause });
  }
  return parseStudySpec(text, path, options);
}
