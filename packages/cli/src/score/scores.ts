import type { Metric } from '@ir/core';
import { createMetrics, type ScoreReport, scoreCsv, scorePaths, splitAliases } from '@ir/metrics';
import { given } from '../options.js';
import { decodeOptions } from '../pictures.js';
import type { Session } from '../session.js';
import { table } from '../table.js';
import { openDeviation } from './deviation.js';
import { appliedOf, type ScoreFlags, settingsOf, usage } from './flags.js';
import { digits, legend, shown, withInterval } from './numbers.js';

/** Scores an output, or a folder of them; the deviation map is drawn once the scores are there. */
export async function scoreOutputs(
  reference: string | undefined,
  output: string,
  flags: ScoreFlags,
  session: Session,
): Promise<void> {
  const { input, pair: pairs, jobs, csv } = flags;
  const settings = settingsOf(flags);
  const { pictures, distributions } = splitAliases(flags.metric);
  if (csv && distributions.length > 0) {
    const fix = 'A set has no line of its own in the CSV of pictures: use --json';
    throw usage('--csv', 'metrics of pictures', distributions.join(' and '), fix);
  }
  const metrics = createMetrics(pictures, settings);
  const applied = await appliedOf(flags);
  const { signal, ...decode } = decodeOptions(flags, session.signal);
  const deviation = await openDeviation(reference, output, flags, applied);
  try {
    const report = await session.watch((onProgress) =>
      scorePaths({ reference, output, input, pairs }, metrics, {
        signal: session.signal,
        onProgress,
        decode,
        distributions: { aliases: distributions, settings },
        ...given('jobs', jobs),
        ...given('applied', applied),
      }),
    );
    await deviation?.draw(session);
    for (const note of missing(report, metrics)) session.note(note);
    session.result(report, csv ? scoreCsv(report).trimEnd() : describe(report));
  } finally {
    await Promise.all([deviation?.close(), ...metrics.map((metric) => metric.dispose?.())]);
  }
}

/** What to install for numbers that need a network which is not there. */
const missing = ({ items: [first] }: ScoreReport, metrics: readonly Metric[]): string[] =>
  metrics
    .filter(({ alias }) => first?.scores[alias]?.reason === 'model-missing')
    .map(({ alias, needs }) => `${alias} needs the network ${needs.network}: install it with ir models add`);

/** A line a picture, and for several of them a line of means with their intervals; below what each number is. */
function describe(report: ScoreReport): string {
  const { items, aggregate } = report;
  const scores = items[0]?.scores ?? {};
  const aliases = Object.keys(scores);
  const rows = items.map((item) => [item.name, ...aliases.map((alias) => shown(item.scores[alias]!))]);
  const means = aliases.map((alias) => {
    const { mean, low, high } = aggregate[alias]!;
    return withInterval(mean, low, high);
  });
  const foot = items.length > 1 ? [['mean [95 %]', ...means]] : [];
  const pictures = aliases.length > 0 ? [table(['picture', ...aliases], [...rows, ...foot]), ...legend(scores)] : [];
  return [...pictures, ...describeSets(report)].join('\n');
}

/** Distances of whole folders, with what belongs beside such a number. */
const describeSets = ({ aggregate }: ScoreReport): string[] =>
  Object.entries(aggregate).flatMap(([alias, found]) => {
    if (!('splitHalf' in found)) return [];
    const { id, mean, n, splitHalf, bias } = found;
    return [
      `${alias} of ${n} pictures: ${shown({ value: mean })}; between two halves of the references ${digits(splitHalf)}`,
      `${alias}: ${id}, lower is better; bias: ${bias}`,
    ];
  });
