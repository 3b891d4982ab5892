import type { MetricSettings } from '@ir/core';
import { createMetrics, type NamedScore, type ScoreReport, scoreCsv, scorePaths } from '@ir/metrics';
import { Command, Option } from 'commander';
import { type DegradationFlags, degradationOf, withDegradationFlags } from '../degradation.js';
import { choice, collect, given, integer, list, seed, withExamples, withOutputFlags } from '../options.js';
import { decodeOptions, type PictureFlags, withPictureFlags } from '../pictures.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

interface Flags extends SessionFlags, DegradationFlags, PictureFlags, MetricSettings {
  readonly metric: readonly string[];
  readonly pair?: readonly string[];
  readonly input?: string;
  readonly seed: number | bigint;
  readonly jobs?: number;
  readonly csv?: boolean;
}

const DEFAULT_METRICS = ['psnr', 'ssim', 'niqe'];

const EXAMPLES = [
  'ir score photo.png sharp.png --metric psnr,ssim-y,niqe --json',
  'ir score originals/ restored/ --crop 4                 two folders, paired by the names without extension',
  'ir score originals/ restored/ --pair a.png=out-1.png   where names differ',
  'ir score sharp.png --metric niqe                       without a reference',
];

export function scoreCommand(terminal: Terminal): Command {
  const command = new Command('score')
    .summary('measure pictures against references')
    .description(
      'Scores OUTPUT against REFERENCE: two files, or two folders paired by file name without extension, never by position. `ir metrics list` shows the metrics. Pictures with transparency are refused. A number that is not defined is null, with its reason.',
    )
    .usage('[options] [reference] <output>')
    .argument('<reference>', 'the original, or a folder of them')
    .argument('[output]', 'what is judged, or a folder; alone it is scored without a reference')
    .option('-m, --metric <list>', 'metrics by alias, commas between', list('--metric'), DEFAULT_METRICS)
    .option('--crop <n>', 'pixels taken off every side first', integer('--crop', 0))
    .option('--pair <a=b>', 'file A of the references belongs to file B of the outputs; as often as needed', collect)
    .option('--input <path>', 'the degraded picture, or a folder of them, for metrics that need it');
  withDegradationFlags(command)
    .option('--seed <n>', 'seed of the degradation’s noise', seed, 0)
    .option('--encoder <id>', 'the installed encoder that alignment looks through')
    .option('--align-size <how>', 'native (default), crop224 or tiles', choice('--align-size', ALIGN_SIZES))
    .option('--alignment <to>', 'gt (Eq. 14) or input (Eq. 15)', choice('--alignment', ['gt', 'input'] as const))
    .option('--jobs <n>', 'pictures at work at once (default: usable cores)', integer('--jobs', 1, 256))
    .addOption(new Option('--csv', 'print CSV instead of text').conflicts('json'));
  withOutputFlags(withPictureFlags(command));
  return withExamples(command, EXAMPLES).action((first: string, second: string | undefined, flags: Flags) =>
    run(second === undefined ? undefined : first, second ?? first, flags, new Session(terminal, flags)),
  );
}

const ALIGN_SIZES = ['native', 'crop224', 'tiles'] as const;

async function run(reference: string | undefined, output: string, flags: Flags, session: Session): Promise<void> {
  const { crop, encoder, alignSize, alignment, input, pair: pairs, jobs } = flags;
  const settings = {
    ...given('crop', crop),
    ...given('encoder', encoder),
    ...given('alignSize', alignSize),
    ...given('alignment', alignment),
  };
  const metrics = createMetrics(flags.metric, settings);
  const degradation = await degradationOf(flags);
  const { signal, ...decode } = decodeOptions(flags, session.signal);
  try {
    const report = await session.watch((onProgress) =>
      scorePaths({ reference, output, input, pairs }, metrics, {
        signal: session.signal,
        onProgress,
        decode,
        ...given('jobs', jobs),
        ...(degradation ? { applied: { degradation, seed: flags.seed } } : {}),
      }),
    );
    session.result(report, flags.csv ? scoreCsv(report).trimEnd() : describe(report));
  } finally {
    await Promise.all(metrics.map((metric) => metric.dispose?.()));
  }
}

const digits = (value: number) => value.toFixed(4);
const shown = ({ value, reason }: NamedScore) => (value === null ? (reason ?? 'undefined') : digits(value));

/** A line a picture, and for several of them a line of means with their intervals; below what each number is. */
function describe({ items, aggregate }: ScoreReport): string {
  const scores = items[0]?.scores ?? {};
  const aliases = Object.keys(scores);
  const rows = items.map((item) => [item.name, ...aliases.map((alias) => shown(item.scores[alias]!))]);
  const means = aliases.map((alias) => {
    const { mean, low, high } = aggregate[alias]!;
    if (mean === null) return '-';
    return low === null || high === null ? digits(mean) : `${digits(mean)} [${digits(low)}, ${digits(high)}]`;
  });
  const foot = items.length > 1 ? [['mean [95 %]', ...means]] : [];
  const legend = Object.entries(scores).map(([alias, { id, direction }]) => `${alias}: ${id}, ${direction} is better`);
  return [table(['picture', ...aliases], [...rows, ...foot]), ...legend].join('\n');
}
