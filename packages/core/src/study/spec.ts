import { readFile, stat } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { degradationIdentity } from '../degradation/identity.js';
import { describeValue, explain, InputError, parseWith, UsageError, unknownName } from '../errors.js';
import { canonicalJson } from './canonical.js';
import type { StudyDegradation, StudyMetric, StudyRestorer, StudySpec } from './contract.js';
import { type Entry, parseEntry } from './degradations.js';

const MAX_BYTES = 1024 * 1024;
const id = z.string().min(1).max(100);

const restorerSchema = z.strictObject({
  id,
  label: z.string().min(1).max(100).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
});

const metricSchema = z.strictObject({
  alias: id,
  crop: z.int().min(0).max(4096).optional(),
  encoder: id.optional(),
  alignSize: z.enum(['native', 'crop224', 'tiles']).optional(),
  alignment: z.enum(['gt', 'input']).optional(),
});

const specSchema = z.strictObject({
  schema: z.literal('ir.study/1'),
  title: z.string().min(1).max(200),
  description: z.string().max(4000).default(''),
  longSide: z.int().min(1).max(100_000).nullable().default(null),
  degradations: z.array(z.unknown()).min(1).max(1000),
  restorers: z
    .array(z.union([id, restorerSchema]))
    .min(1)
    .max(100),
  metrics: z
    .array(z.union([id, metricSchema]))
    .min(1)
    .max(100),
  seeds: z.array(z.int().min(0)).min(1).max(1000).default([0]),
  threads: z.int().min(1).max(256).default(1),
  bootstrap: z
    .strictObject({ resamples: z.int().min(1).max(1_000_000).default(2000), seed: z.int().min(0).default(0) })
    .prefault({}),
  figure: z
    .strictObject({
      x: z.string().min(1).max(100).nullable().optional(),
      scale: z.enum(['linear', 'log']).default('linear'),
    })
    .prefault({}),
  pictures: z
    .strictObject({
      images: z.int().min(0).max(10_000).default(3),
      degradations: z.array(z.union([z.number(), z.string()])).default([]),
    })
    .prefault({}),
  inapplicable: z.enum(['refuse', 'skip']).default('refuse'),
});

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

function restorersOf(values: readonly (string | z.infer<typeof restorerSchema>)[], name: string): StudyRestorer[] {
  const restorers = values.map((value) => {
    const { id: key, label = key, settings = {} } = typeof value === 'string' ? { id: value } : value;
    return { id: key, label, settings };
  });
  const at = `${name}.restorers`;
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
  return restorers;
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

/** The figure's axis: as said, else a spec's only sweep. Every degradation has to stand on it. */
function figureOf(
  { x, scale }: { x?: string | null | undefined; scale: 'linear' | 'log' },
  { entries, degradations }: { entries: readonly Entry[]; degradations: readonly StudyDegradation[] },
  name: string,
): StudySpec['figure'] {
  const axis = x === undefined && entries.length === 1 ? (entries[0]!.axis ?? null) : (x ?? null);
  const off = axis === null ? undefined : degradations.find((one) => one.x === null || (scale === 'log' && one.x <= 0));
  if (!off) return { x: axis, scale };
  const expected = `a ${scale === 'log' ? 'positive ' : ''}number for ${describeValue(off.name)}, since figure.x names an axis`;
  throw refuse(
    `${name}.degradations x`,
    expected,
    describeValue(off.x ?? undefined),
    'Give x, or set figure.x to null',
  );
}

function picturesOf(
  { images, degradations: asked }: { images: number; degradations: readonly (string | number)[] },
  degradations: readonly StudyDegradation[],
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
  try {
    return parseYaml(text);
  } catch (cause) {
    const got = (cause as Error).message.split('\n')[0]!;
    throw new UsageError('IR_E_SCHEMA', explain({ name, expected: 'YAML of a study', got }), { cause });
  }
}

/**
 * A study from YAML or data, defaults filled in and shorthand spelled out: a degradation as a preset's name, an identity, steps or a sweep; a
 * restorer as its id; a metric as its alias; `pictures.degradations` by name or by x. What it returns, it takes again unchanged.
 * @param name what the user calls it, for messages
 * @throws UsageError `IR_E_SCHEMA`, `IR_E_UNKNOWN_NAME`, with a suggestion for unknown keys
 */
export function parseStudySpec(value: unknown, name = 'study'): StudySpec {
  const spec = parseWith(specSchema, typeof value === 'string' ? parseText(value, name) : value, name);
  const parsed = degradationsOf(spec.degradations, name);
  assertDistinct(spec.seeds.map(String), 'seeds that differ', `${name}.seeds`);
  return {
    schema: spec.schema,
    title: spec.title,
    description: spec.description.trim(),
    longSide: spec.longSide,
    degradations: parsed.degradations,
    restorers: restorersOf(spec.restorers, name),
    metrics: metricsOf(spec.metrics, name),
    seeds: spec.seeds,
    threads: spec.threads,
    bootstrap: spec.bootstrap,
    figure: figureOf(spec.figure, parsed, name),
    pictures: picturesOf(spec.pictures, parsed.degradations, name),
    inapplicable: spec.inapplicable,
  };
}

/** A study's spec file. @throws InputError `IR_E_NOT_FOUND`, `IR_E_LIMIT` (above 1 MiB); as `parseStudySpec` */
export async function loadStudySpec(path: string): Promise<StudySpec> {
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
    const { code, message } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : message;
    const told = { name: path, expected: 'a study to read', got, fix: 'Check the path; examples stand in studies/' };
    throw new InputError('IR_E_NOT_FOUND', explain(told), { cause });
  }
  return parseStudySpec(text, path);
}
