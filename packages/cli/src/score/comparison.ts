import {
  type ComparisonReport,
  createMetrics,
  type PairedComparison,
  scoreComparison,
  splitAliases,
} from '@ir/metrics';
import { given } from '../options.js';
import { decodeOptions } from '../pictures.js';
import type { Session } from '../session.js';
import { table } from '../table.js';
import { appliedOf, type ScoreFlags, settingsOf, usage } from './flags.js';
import { legend, withInterval } from './numbers.js';

/** Which of two folders of outputs is better, metric by metric, and whether the pictures suffice to say so. */
export async function compareOutputs(
  reference: string | undefined,
  flags: ScoreFlags,
  session: Session,
): Promise<void> {
  const [a, b] = twoFolders(flags.ab ?? []);
  const { input, jobs, metric } = flags;
  const { distributions } = splitAliases(metric);
  if (distributions.length > 0)
    throw usage('--ab', 'metrics of pictures, which can be compared pair by pair', distributions.join(' and '));
  const metrics = createMetrics(metric, settingsOf(flags));
  const applied = await appliedOf(flags);
  const { signal, ...decode } = decodeOptions(flags, session.signal);
  try {
    const report = await session.watch((onProgress) =>
      scoreComparison({ reference, a, b, input }, metrics, {
        signal: session.signal,
        onProgress,
        decode,
        ...given('jobs', jobs),
        ...given('applied', applied),
      }),
    );
    session.result(report, describe(report));
  } finally {
    await Promise.all(metrics.map((one) => one.dispose?.()));
  }
}

function twoFolders(folders: readonly string[]): readonly [string, string] {
  const [a, b, ...more] = folders;
  if (a !== undefined && b !== undefined && more.length === 0) return [a, b];
  const fix = folders.length > 2 ? 'Name the references before --ab' : undefined;
  throw usage('--ab', 'two folders of outputs', String(folders.length), fix);
}

const HEAD = ['metric', 'n', 'A', 'B', 'A - B [95 %]', 'p', 'Holm', 'better'];

/** The smallest p there is, of 19,999 draws, is 0.00005. */
const chance = (p: number | null) => (p === null ? '-' : p.toFixed(5));

const VERDICTS = { a: 'A', b: 'B' } as Readonly<Record<string, string>>;

function row(alias: string, one: PairedComparison): string[] {
  const { n, meanA, meanB, difference, low, high, p, holm, verdict } = one;
  return [
    ...[alias, String(n), withInterval(meanA, null, null), withInterval(meanB, null, null)],
    ...[withInterval(difference, low, high), chance(p), chance(holm), VERDICTS[verdict] ?? verdict],
  ];
}

function describe({ a, b, comparisons }: ComparisonReport): string {
  const rows = Object.entries(comparisons).map(([alias, one]) => row(alias, one));
  const method =
    'p: sign-flip permutation test of the paired differences; Holm: corrected over the metrics above; a side is better at 0.05';
  return [table(HEAD, rows), `A: ${a}`, `B: ${b}`, ...legend(comparisons), method].join('\n');
}
