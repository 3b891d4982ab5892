import { z } from 'zod';
import { describeValue, explain, UsageError } from '../errors.js';
import type { StudyRestorer } from './contract.js';

const MOST_LETTERS = 100;
const name = z.string().min(1).max(MOST_LETTERS);
const settings = z.record(z.string(), z.unknown());

/** One entry of a spec's `restorers`: a restorer, or several that differ in their settings. */
export const restorerSchema = z.strictObject({
  id: name,
  label: name.optional(),
  settings: settings.optional(),
  x: z.number().optional(),
  series: name.optional(),
  optional: z.boolean().optional(),
  /** One setting (`steps`, or inside another: `restoration.scale`) and its values. */
  sweep: z.record(z.string(), z.array(z.number()).min(1).max(1000)).optional(),
  /** The same for what one setting does not say: each point's settings go over the entry's, key by key. */
  points: z
    .array(z.strictObject({ x: z.number(), label: name.optional(), settings }))
    .min(1)
    .max(1000)
    .optional(),
});

type Given = z.output<typeof restorerSchema>;
type Settings = Readonly<Record<string, unknown>>;

/** Restorers that one entry stands for, and the axis it suggests where it is a sweep. */
export interface RestorerEntry {
  readonly restorers: readonly StudyRestorer[];
  readonly axis?: string;
}

const refuse = (at: string, expected: string, got: string, fix?: string) =>
  new UsageError('IR_E_SCHEMA', explain({ name: at, expected, got, fix }));

const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Settings with one of them changed, by its path. */
function withSetting(
  given: Settings,
  [key, ...rest]: readonly [string, ...string[]],
  value: unknown,
  at: string,
): Settings {
  const [next, ...further] = rest;
  if (next === undefined) return { ...given, [key]: value };
  const inner = Object.hasOwn(given, key) ? given[key] : {};
  if (isObject(inner)) return { ...given, [key]: withSetting(inner, [next, ...further], value, `${at}.${key}`) };
  const fix = `Write ${key} as an object, since ${next} inside it is swept`;
  throw refuse(`${at}.${key}`, 'an object', describeValue(inner), fix);
}

/** @throws UsageError `IR_E_SCHEMA` for keys that say a place twice, or half of one */
function assertOneKind({ x, series, sweep, points }: Given, at: string): void {
  const spread = sweep ? 'sweep' : 'points';
  if (sweep && points) throw refuse(at, 'sweep or points', 'both');
  if ((sweep || points) && (x !== undefined || series !== undefined))
    throw refuse(at, `no x or series beside ${spread}`, x === undefined ? 'series' : 'x', 'Its label names the series');
  if ((x === undefined) !== (series === undefined))
    throw refuse(at, 'x and series together', x === undefined ? 'series alone' : 'x alone');
}

function expandSweep({ id, label = id, settings = {}, sweep }: Given, at: string): RestorerEntry {
  const entries = Object.entries(sweep!);
  const [swept] = entries;
  if (!swept || entries.length !== 1) {
    const fix = 'For example {steps: [1, 2, 5]}; several settings at once are points';
    throw refuse(`${at}.sweep`, 'one setting to sweep', `${entries.length}`, fix);
  }
  const [axis, values] = swept;
  const path = axis.split('.') as [string, ...string[]];
  if (path.includes('')) throw refuse(`${at}.sweep`, 'the name of a setting', describeValue(axis));
  const restorers = values.map((x) => ({
    id,
    label: `${label} ${axis}=${x}`,
    settings: withSetting(settings, path, x, `${at}.settings`),
    x,
    series: label,
  }));
  return { restorers, axis };
}

/** What an entry stands for. @throws UsageError `IR_E_SCHEMA` */
export function spellOut(value: string | Given, at: string): RestorerEntry {
  if (typeof value === 'string') return { restorers: [{ id: value, label: value, settings: {} }] };
  assertOneKind(value, at);
  const { id, label = id, settings = {}, x, series, optional, sweep, points } = value;
  const perhaps = optional === undefined ? {} : { optional };
  if (sweep) {
    const { restorers, axis } = expandSweep(value, at);
    return { restorers: restorers.map((one) => ({ ...one, ...perhaps })), axis: axis! };
  }
  if (points) {
    const restorers = points.map((point) => ({
      id,
      label: point.label ?? `${label} ${point.x}`,
      settings: { ...settings, ...point.settings },
      x: point.x,
      series: label,
      ...perhaps,
    }));
    return { restorers };
  }
  const place = x === undefined || series === undefined ? {} : { x, series };
  return { restorers: [{ id, label, settings, ...place, ...perhaps }] };
}

/** The curves of the restorers, by name in order of appearance. */
export function seriesOf(restorers: readonly StudyRestorer[]): ReadonlyMap<string, readonly StudyRestorer[]> {
  const curves = new Map<string, StudyRestorer[]>();
  for (const one of restorers)
    if (one.series !== undefined) curves.set(one.series, [...(curves.get(one.series) ?? []), one]);
  return curves;
}

/** Labels fit, on one curve every point has a place of its own, and no level goes by a curve's name. @throws UsageError `IR_E_SCHEMA` */
export function assertCurves(restorers: readonly StudyRestorer[], at: string): void {
  const long = restorers.find(({ label }) => label.length > MOST_LETTERS);
  if (long) throw refuse(at, `labels of at most ${MOST_LETTERS} characters`, describeValue(long.label));
  const curves = seriesOf(restorers);
  for (const [series, points] of curves) {
    const places = points.map(({ x }) => x);
    const twice = places.find((x, i) => places.indexOf(x) < i);
    if (twice !== undefined) throw refuse(`${at} ${describeValue(series)}`, 'x that differ', `${twice} twice`);
  }
  const level = restorers.find(({ label, series }) => series === undefined && curves.has(label));
  if (level) {
    const fix = 'Give one of them another label';
    throw refuse(at, 'labels that no series has', `${describeValue(level.label)} of both`, fix);
  }
}
