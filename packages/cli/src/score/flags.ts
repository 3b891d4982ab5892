import { type AppliedDegradation, explain, type MetricSettings, UsageError } from '@ir/core';
import { type Command, Option } from 'commander';
import { type DegradationFlags, degradationOf, withDegradationFlags } from '../degradation.js';
import { choice, collect, given, integer, list, seed, withOutputFlags } from '../options.js';
import { type PictureFlags, withPictureFlags } from '../pictures.js';
import type { SessionFlags } from '../session.js';

export interface ScoreFlags extends SessionFlags, DegradationFlags, PictureFlags, MetricSettings {
  readonly metric: readonly string[];
  readonly pair?: readonly string[];
  readonly input?: string;
  readonly seed: number | bigint;
  readonly jobs?: number;
  readonly csv?: boolean;
  readonly conventions?: boolean;
  readonly ab?: readonly string[];
  readonly deviationMap?: string;
}

const DEFAULT_METRICS = ['psnr', 'ssim', 'niqe'];
const ALIGN_SIZES = ['native', 'crop224', 'tiles'] as const;

/** What has no meaning beside them is refused rather than passed over. */
const NOT_WITH_CONVENTIONS = [
  ...['metric', 'pair', 'input', 'preset', 'degradation', 'spec', 'seed', 'encoder', 'alignSize', 'alignment', 'jobs'],
  ...['ab', 'deviationMap', 'csv'],
];
const NOT_WITH_AB = ['pair', 'deviationMap', 'csv'];

export function withScoreFlags(command: Command): Command {
  command
    .option('-m, --metric <list>', 'metrics by alias, commas between', list('--metric'), DEFAULT_METRICS)
    .option('--crop <n>', 'pixels taken off every side first', integer('--crop', 0))
    .option('--pair <a=b>', 'file A of the references belongs to file B of the outputs; as often as needed', collect)
    .addOption(
      new Option('--ab <folders...>', 'two folders of outputs: which is better, by paired statistics').conflicts(
        NOT_WITH_AB,
      ),
    )
    .addOption(
      new Option('--conventions', 'one pair under every named convention, with who uses each').conflicts(
        NOT_WITH_CONVENTIONS,
      ),
    )
    .option('--input <path>', 'the degraded picture, or a folder of them, for metrics that need it');
  withDegradationFlags(command)
    .option('--seed <n>', 'seed of the degradation’s noise', seed, 0)
    .option('--encoder <id>', 'the installed encoder that alignment, fid and kid look through')
    .option('--align-size <how>', 'native (default), crop224 or tiles', choice('--align-size', ALIGN_SIZES))
    .option('--alignment <to>', 'gt (Eq. 14) or input (Eq. 15)', choice('--alignment', ['gt', 'input'] as const))
    .option('--deviation-map <file>', 'of two files also draw where meaning changed, as the encoder sees it')
    .option('--jobs <n>', 'pictures at work at once (default: usable cores)', integer('--jobs', 1, 256))
    .addOption(new Option('--csv', 'print CSV instead of text').conflicts('json'));
  return withOutputFlags(withPictureFlags(command));
}

export const settingsOf = ({ crop, encoder, alignSize, alignment }: ScoreFlags): MetricSettings => ({
  ...given('crop', crop),
  ...given('encoder', encoder),
  ...given('alignSize', alignSize),
  ...given('alignment', alignment),
});

/** D with its seed, as the flags say it was applied; undefined where they name none. */
export async function appliedOf(flags: ScoreFlags): Promise<AppliedDegradation | undefined> {
  const degradation = await degradationOf(flags);
  return degradation && { degradation, seed: flags.seed };
}

/** A complaint about the command line of `ir score`. */
export const usage = (name: string, expected: string, got: string, fix?: string): UsageError =>
  new UsageError('IR_E_USAGE', explain({ name, expected, got, fix }));
