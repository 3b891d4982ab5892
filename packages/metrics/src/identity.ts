import { describeValue, explain, type Metric, type MetricDefinition, type MetricSettings, UsageError } from '@ir/core';

/** Words without a value stand with `true`. */
export type Conventions = Readonly<Record<string, string | true>>;

/** A metric with all its conventions, taken apart. */
export interface MetricIdentity {
  readonly name: string;
  readonly conventions: Conventions;
  /** Raised whenever a change alters a number. */
  readonly version: number;
}

/** `ssim[y-studio,win=gauss11-1.5,border=valid,crop=4]@1` */
export function formatIdentity({ name, conventions, version }: MetricIdentity): string {
  const words = Object.entries(conventions).map(([key, value]) => (value === true ? key : `${key}=${value}`));
  return `${name}[${words.join(',')}]@${version}`;
}

const PATTERN = /^([a-z][a-z0-9-]*)\[([^[\]]*)\]@(\d+)$/;

const refuse = (expected: string, got: string, fix?: string) =>
  new UsageError('IR_E_USAGE', explain({ name: 'metric identity', expected, got, fix }));

/** Reads an identity string back. @throws UsageError `IR_E_USAGE` */
export function parseIdentity(text: string): MetricIdentity {
  const [, name, words, version] = PATTERN.exec(text) ?? [];
  if (name === undefined || words === undefined || version === undefined)
    throw refuse('text like psnr[rgb,peak=255,crop=0]@1', describeValue(text));
  const conventions: Record<string, string | true> = {};
  for (const word of words.split(',').filter(Boolean)) {
    const at = word.indexOf('=');
    const key = at < 0 ? word : word.slice(0, at);
    if (Object.hasOwn(conventions, key)) throw refuse('every convention once', describeValue(text));
    conventions[key] = at < 0 ? true : word.slice(at + 1);
  }
  return { name, conventions, version: Number(version) };
}

/** The settings that conventions were made from. */
function settingsOf({ crop, encoder, size, truth }: Conventions): MetricSettings {
  const settings: Record<string, unknown> = {};
  if (typeof crop === 'string' && /^\d+$/.test(crop)) settings.crop = Number(crop);
  if (typeof encoder === 'string' && encoder !== 'missing') settings.encoder = encoder.split('@')[0];
  if (size === 'native' || size === 'crop224' || size === 'tiles') settings.alignSize = size;
  if (truth === 'gt' || truth === 'input') settings.alignment = truth;
  return settings;
}

/** A metric that cannot be made here (an encoder that is not installed) is none of those sought. */
function attempt(make: () => Metric): Metric[] {
  try {
    return [make()];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/**
 * The metric that an identity string names, to the letter: one whose own identity is that string.
 * @throws UsageError `IR_E_USAGE` where the string is none, or where none of `definitions` makes it (another version, another network)
 */
export function metricOfIdentity(text: string, definitions: readonly MetricDefinition[]): Metric {
  const { name, conventions } = parseIdentity(text);
  const settings = settingsOf(conventions);
  const made = definitions.flatMap((definition) => attempt(() => definition.create(settings)));
  const found = made.find((metric) => metric.id === text);
  if (found) return found;
  const kin = made.filter((metric) => parseIdentity(metric.id).name === name).map((metric) => metric.id);
  throw refuse(
    kin.length > 0 ? `one that this version makes: ${kin.join(' ')}` : 'the identity of a known metric',
    describeValue(text),
    kin.length > 0 ? 'Another version, convention or network gives other numbers' : undefined,
  );
}
