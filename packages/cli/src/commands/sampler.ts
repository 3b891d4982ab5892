import {
  CheckError,
  explain,
  type ReplayedRun,
  type ReplayReport,
  replayFile,
  replayTolerance,
  runAgrees,
} from '@ir/core';
import { Command } from 'commander';
import { withExamples, withOutputFlags } from '../options.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

export function samplerCommand(terminal: Terminal): Command {
  return new Command('sampler')
    .summary('the samplers of diffusion models, against published ones')
    .description('The samplers of diffusion models, against published ones.')
    .addCommand(replayCommand(terminal));
}

function replayCommand(terminal: Terminal): Command {
  const command = new Command('replay')
    .summary('repeat recorded sampling runs and compare every step')
    .description(
      'Repeats sampling runs of diffusers that a JSON file records (classes and configuration keys of diffusers 0.42.1, a toy network, a noise that anyone can make) and prints the largest deviation of each: of the time absolutely, of everything else relative to the step’s mean absolute value. Status 1 where a run deviates by more than 1e-4 (1e-3 from 500 steps on) or cannot be repeated.',
    )
    .argument('<file>', 'runs as JSON; docs/diffusion.md describes the form');
  return withExamples(withOutputFlags(command), [
    'ir sampler replay runs.json',
    'ir sampler replay runs.json --json | jq ".runs[] | select(.reason)"',
  ]).action((file: string, flags: SessionFlags) => replay(file, new Session(terminal, flags)));
}

async function replay(file: string, session: Session): Promise<void> {
  const report = await session.watch((onProgress) => replayFile(file, { signal: session.signal, onProgress }));
  session.result(report, describe(report));
  const off = report.runs.filter((run) => !runAgrees(run));
  if (off.length === 0) return;
  const got = `${off.length} that do not: ${off.map((run) => run.index).join(', ')}`;
  throw new CheckError(explain({ name: file, expected: `${report.runs.length} runs that agree`, got }));
}

const FIELDS = ['t', 'sum', 'abs_mean', 'first', 'x0_abs_mean'] as const;

/** A line a run; what could not be repeated is told below, in full. */
function describe({ runs }: ReplayReport): string {
  const rows = runs.map((run) => [
    String(run.index),
    run.cls,
    String(run.steps),
    ...FIELDS.map((field) => run.deviation?.[field].toExponential(1) ?? '-'),
    verdictOf(run),
  ]);
  const reasons = runs.flatMap(({ index, cls, reason }) =>
    reason === undefined ? [] : [`${index} ${cls}: ${reason}`],
  );
  return [table(['run', 'class', 'steps', ...FIELDS, 'verdict'], rows), ...reasons].join('\n');
}

function verdictOf(run: ReplayedRun): string {
  if (!run.deviation) return 'not repeated';
  return runAgrees(run) ? 'agrees' : `off by more than ${replayTolerance(run)}`;
}
