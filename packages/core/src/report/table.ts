import type { StudyResults } from '../study/contract.js';
import { isNothing } from './palette.js';
import type { Statistics } from './statistics.js';
import { seriesNamed } from './sweep.js';

const COLUMNS = [
  'metric',
  'degradation',
  'x',
  'restorer',
  'n',
  'mean',
  'low',
  'high',
  'picture_deviation',
  'seed_deviation',
  'undefined',
  'failed',
  'latent_ratio',
  'difference_to_nothing',
  'difference_low',
  'difference_high',
  'verdict',
  'series',
  'series_x',
  'difference_to_first',
  'first_low',
  'first_high',
  'first_verdict',
] as const;

type Field = string | number | null | undefined;

/** RFC 4180: quoted where a comma, a quote or a line's end stands in it. */
const field = (value: Field): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
};

/** A paired difference to another restorer; empty to itself, or where there is none. */
function against(
  ground: string | undefined,
  [degradation, metric, label]: readonly [string, string, string],
  statistics: Statistics,
): Field[] {
  if (ground === undefined || ground === label) return [null, null, null, null];
  const { difference, interval, verdict } = statistics.compare(degradation, metric, label, ground);
  return [difference, interval?.low, interval?.high, verdict];
}

/** Every mean of the report with its interval and its paired differences to doing nothing and to its series' first point, numbers in full. */
export function tableCsv(
  { spec, metrics, manifest }: Pick<StudyResults, 'spec' | 'metrics' | 'manifest'>,
  statistics: Statistics,
): string {
  const nothing = spec.restorers.find(isNothing)?.label;
  const firsts = new Map(seriesNamed(spec.restorers).map(({ name, points }) => [name, points[0]!.label]));
  const lines = metrics.flatMap(({ alias }) =>
    spec.degradations.flatMap(({ name, x }) =>
      spec.restorers.map(({ label, series, x: place }) => {
        const summary = statistics.summary(name, label, alias);
        const { n, mean, interval, pictureDeviation, seedDeviation, undefinedScores, failures } = summary;
        const missing = undefinedScores.map(({ reason, count }) => `${reason}:${count}`).join(' ');
        const names = [name, alias, label] as const;
        return [
          ...[alias, name, x, label, n, mean, interval?.low, interval?.high],
          ...[pictureDeviation, seedDeviation, missing, failures, manifest.compression?.[label]],
          ...against(nothing, names, statistics),
          ...[series, place],
          ...against(series === undefined ? undefined : firsts.get(series), names, statistics),
        ];
      }),
    ),
  );
  return [COLUMNS, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');
}
