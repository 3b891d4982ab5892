import { Command } from 'commander';
import { withExamples } from '../options.js';
import { compareOutputs } from '../score/comparison.js';
import { showConventions } from '../score/conventions.js';
import { type ScoreFlags, usage, withScoreFlags } from '../score/flags.js';
import { scoreOutputs } from '../score/scores.js';
import { Session } from '../session.js';
import type { Terminal } from '../terminal.js';

const EXAMPLES = [
  'ir score photo.png sharp.png --metric psnr,ssim-y,niqe --json',
  'ir score originals/ restored/ --crop 4                 two folders, paired by the names without extension',
  'ir score originals/ restored/ --pair a.png=out-1.png   where names differ',
  'ir score sharp.png --metric niqe                       without a reference',
  'ir score --conventions photo.png sharp.png             what goes by one name, side by side',
  'ir score originals/ --ab method-1/ method-2/           which of two methods is better',
  'ir score photo.png sharp.png --input bad.png --preset SR4 --metric consistency-psnr',
  'ir score photo.png sharp.png --alignment gt --metric align-patch-cos --deviation-map map.png',
];

export function scoreCommand(terminal: Terminal): Command {
  const command = new Command('score')
    .summary('measure pictures against references')
    .description(
      'Scores OUTPUT against REFERENCE: two files, or two folders paired by file name without extension, never by position. `ir metrics list` shows the metrics. Pictures with transparency are refused. A number that is not defined is null, with its reason.',
    )
    .usage('[options] [reference] <output>\n       ir score [options] [reference] --ab <a> <b>')
    .argument('[reference]', 'the original, or a folder of them')
    .argument('[output]', 'what is judged, or a folder; alone it is scored without a reference');
  return withExamples(withScoreFlags(command), EXAMPLES).action(
    (first: string | undefined, second: string | undefined, flags: ScoreFlags) =>
      run(first, second, flags, new Session(terminal, flags)),
  );
}

async function run(
  first: string | undefined,
  second: string | undefined,
  flags: ScoreFlags,
  session: Session,
): Promise<void> {
  if (flags.ab) {
    if (second !== undefined) throw usage('ir score --ab', 'only the references', `also ${JSON.stringify(second)}`);
    return compareOutputs(first, flags, session);
  }
  if (first === undefined) throw usage('ir score', 'a picture or a folder', 'nothing', 'See `ir score --help`');
  const [reference, output] = second === undefined ? [undefined, first] : [first, second];
  return (flags.conventions ? showConventions : scoreOutputs)(reference, output, flags, session);
}
