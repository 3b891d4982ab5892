import type { StudyResults } from '../study/contract.js';
import { isNothing } from './palette.js';
import type { Statistics } from './statistics.js';

const COLUMNS = [
  'metric',
  'degradation',
  'x',
  'restorer',
  'n',
  'mean',
  'low',
  'high',
  'seed_deviation',
  'undefined',
  'failed',
  'difference_to_nothing',
  'difference_low',
  'difference_high',
  'verdict',
] as const;

/** RFC 4180: quoted where a comma, a quote or a line's end stands in it. */
const field = (value: string | number | null | undefined): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
};

/** Every mean of the report with its interval and its paired difference to doing nothing, numbers in full. */
export function tableCsv({ spec, metrics }: Pick<StudyResults, 'spec' | 'metrics'>, statistics: Statistics): string {
  const nothing = spec.restorers.find(isNothing);
  const lines = metrics.flatMap(({ alias }) =>
    spec.degradations.flatMap(({ name, x }) =>
      spec.restorers.map((restorer) => {
        const { n, mean, interval, seedDeviation, undefinedScores, failures } = statistics.summary(
          name,
          restorer.label,
          alias,
        );
        const missing = undefinedScores.map(({ reason, count }) => `${reason}:${count}`).join(' ');
        const own = [
          alias,
          name,
          x,
          restorer.label,
          n,
          mean,
          interval?.low,
          interval?.high,
          seedDeviation,
          missing,
          failures,
        ];
        if (!nothing || restorer.label === nothing.label) return [...own, null, null, null, null];
        const against = statistics.compare(name, alias, restorer.label, nothing.label);
        return [...own, against.difference, against.interval?.low, against.interval?.high, against.verdict];
      }),
    ),
  );
  return [COLUMNS, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');
}
