import { decode, degradationIdentity, degrade, explain, imageHash, saveImage, UsageError } from '@ir/core';
import type { Ran } from '@ir/native';
import { Command } from 'commander';
import { type DegradationFlags, degradationOf, withDegradationFlags } from '../degradation.js';
import { checkPictureOutput } from '../files.js';
import { given, integer, seed, withExamples, withOutputFlags } from '../options.js';
import {
  decodeOptions,
  encodeOptions,
  type PictureFlags,
  type SaveFlags,
  withPictureFlags,
  withSaveFlags,
} from '../pictures.js';
import { Session, type SessionFlags } from '../session.js';
import type { Terminal } from '../terminal.js';

interface Flags extends SessionFlags, DegradationFlags, PictureFlags, SaveFlags {
  readonly out: string;
  readonly seed: number | bigint;
  readonly threads?: number;
}

const EXAMPLES = [
  'ir degrade photo.png --preset SR2 --seed 1 -o small.png',
  'ir degrade photo.png --degradation "blur[sigma=2]|noise[gauss,sigma=5]" --seed 7 -o bad.png',
  'ir degrade photo.jpg --spec camera.yaml -o bad.tiff --json',
];

export function degradeCommand(terminal: Terminal): Command {
  const command = new Command('degrade')
    .summary('make a picture worse, repeatably (Eq. 1)')
    .description(
      'Degrades a picture by Eq. 1: steps in order, then rounding. The same seed gives the same picture for any number of threads; between processors Gaussian noise agrees to 1.4e-6 of its sigma.',
    )
    .argument('<in>', 'PNG, JPEG, WebP or TIFF')
    .requiredOption('-o, --out <file>', 'where to write; the extension says the format');
  withDegradationFlags(command)
    .option('--seed <n>', 'seed of the noise, 0 to 2^64 - 1', seed, 0)
    .option('--threads <n>', 'threads of the kernels; never changes the result', integer('--threads', 1, 1024));
  withOutputFlags(withSaveFlags(withPictureFlags(command)));
  return withExamples(command, EXAMPLES).action((input: string, flags: Flags) =>
    run(input, flags, new Session(terminal, flags)),
  );
}

async function run(input: string, flags: Flags, session: Session): Promise<void> {
  const { signal } = session;
  const degradation = await degradationOf(flags);
  if (!degradation) {
    const expected = 'one of --preset, --degradation, --spec';
    throw new UsageError('IR_E_USAGE', explain({ name: 'ir degrade', expected, got: 'none' }));
  }
  await checkPictureOutput(flags.out, [input, ...(flags.spec === undefined ? [] : [flags.spec])]);
  const image = await decode(input, decodeOptions(flags, signal));
  const ran: Ran[] = [];
  const exec = { ...given('threads', flags.threads), onRan: (one: Ran) => ran.push(one) };
  const degraded = await session.watch((onProgress) =>
    degrade(image, degradation, { seed: flags.seed, exec, signal, onProgress }),
  );
  await saveImage(degraded, flags.out, encodeOptions(flags, signal));
  const { width, height } = degraded;
  const identity = degradationIdentity(degradation);
  const hash = await imageHash(degraded, { signal });
  session.result(
    {
      schema: 'ir.degrade/1',
      input,
      output: flags.out,
      width,
      height,
      degradation: identity,
      seed: flags.seed,
      hash,
      ran,
    },
    `${flags.out}: ${width}x${height}, ${identity}, seed ${flags.seed}${ran.map(describeRun).join('')}`,
  );
}

const describeRun = ({ kernel, backend, variant }: Ran) =>
  `\n  ${kernel} on ${backend === 'cpu' ? `cpu (${variant})` : backend}`;
