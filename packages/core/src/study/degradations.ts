import { z } from 'zod';
import { parseDegradation } from '../degradation/schema.js';
import { describeValue, explain, parseWith, UsageError } from '../errors.js';
import type { StudyDegradation } from './contract.js';

const label = z.string().min(1).max(100);

const place = z.number().nullable().optional();

const entrySchema = z.strictObject({
  name: label.optional(),
  x: place,
  /** A preset's name, an identity, or data. */
  degradation: z.unknown().optional(),
});

const stepSchema = z.record(z.string(), z.unknown());

const sweepSchema = z.strictObject({
  /** Before the value in each name; default the step's kind and the key swept. */
  name: label.optional(),
  /** A step, or steps in order, with a list of numbers in the place of one number. */
  sweep: z.union([stepSchema, z.array(stepSchema).min(1)]),
  depth: z.union([z.literal(8), z.literal(16), z.literal(32)]).optional(),
});

/** Degradations that one entry of a spec stands for, and the axis it suggests where it is a sweep. */
export interface Entry {
  readonly degradations: readonly StudyDegradation[];
  readonly axis?: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One entry of a spec's `degradations`: text (`SR2`, `blur[sigma=2]|down[x4]`), steps (`{name, x, steps, depth}`), `{name, x, degradation}` or
 * `{sweep: {kind: blur, sigma: [1, 2, 3]}}`. @throws UsageError `IR_E_SCHEMA`, `IR_E_UNKNOWN_NAME`
 */
export function parseEntry(value: unknown, at: string): Entry {
  if (typeof value === 'string') return { degradations: [named(value, {}, at)] };
  if (isObject(value) && 'sweep' in value) return expand(value, at);
  if (isObject(value) && 'steps' in value) {
    const { x, ...degradation } = value;
    return { degradations: [named(degradation, { x: parseWith(place, x, `${at}.x`) }, at)] };
  }
  const { degradation, ...rest } = parseWith(entrySchema, value, at);
  return { degradations: [named(degradation, rest, `${at}.degradation`)] };
}

function named(value: unknown, { name, x }: { name?: string | undefined; x?: number | null | undefined }, at: string) {
  const degradation = parseDegradation(value, at);
  const own = name ?? degradation.name ?? (typeof value === 'string' ? value.trim() : undefined);
  if (own === undefined) {
    const fix = 'Give it: results and figures go by it';
    throw new UsageError('IR_E_SCHEMA', explain({ name: `${at}.name`, expected: 'a name', got: 'nothing', fix }));
  }
  return { name: own, x: x ?? null, degradation };
}

/** The one number of the steps that is a list. */
function sweptOf(
  steps: readonly Record<string, unknown>[],
  at: string,
): { readonly index: number; readonly key: string; readonly values: readonly number[] } {
  const lists = steps.flatMap((step, index) =>
    Object.entries(step)
      .filter(([, value]) => Array.isArray(value))
      .map(([key, value]) => ({ index, key, values: value as unknown[] })),
  );
  const [swept] = lists;
  const numbers = swept?.values.every((value): value is number => typeof value === 'number') ?? false;
  if (swept && lists.length === 1 && numbers && swept.values.length > 0)
    return { ...swept, values: swept.values as number[] };
  const got =
    lists.length === 1 ? describeValue(swept?.values.find((v) => typeof v !== 'number')) : `${lists.length} lists`;
  const fix = 'For example {kind: blur, sigma: [1, 2, 3]}';
  throw new UsageError('IR_E_SCHEMA', explain({ name: at, expected: 'one list of numbers to sweep', got, fix }));
}

function expand(value: unknown, at: string): Entry {
  const { name, sweep, depth } = parseWith(sweepSchema, value, at);
  const steps = Array.isArray(sweep) ? sweep : [sweep];
  const { index, key, values } = sweptOf(steps, `${at}.sweep`);
  const axis = name ?? `${String(steps[index]!.kind)} ${key}`;
  const degradations = values.map((x) => {
    const these = steps.map((step, i) => (i === index ? { ...step, [key]: x } : step));
    const degradation = parseDegradation({ steps: these, ...(depth ? { depth } : {}) }, `${at}.sweep (${key} ${x})`);
    return { name: `${axis} ${x}`, x, degradation };
  });
  return { degradations, axis };
}
