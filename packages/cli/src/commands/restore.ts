import { availableParallelism } from 'node:os';
import {
  bringToSize,
  counted,
  type Degradation,
  type DirectRestorer,
  decode,
  degradationIdentity,
  type Image,
  memoryText,
  meterMemory,
  type PeakMemory,
  type Restorer,
  saveImage,
  type TilePlan,
  tileSetting,
} from '@ir/core';
import { inspect } from '@ir/native';
import { Command } from 'commander';
import { type DegradationFlags, degradationOf, withDegradationFlags } from '../degradation.js';
import { checkPictureOutput } from '../files.js';
import { given, integer, list, seed, setting, tile, withExamples, withOutputFlags } from '../options.js';
import {
  decodeOptions,
  encodeOptions,
  type PictureFlags,
  type SaveFlags,
  withPictureFlags,
  withSaveFlags,
} from '../pictures.js';
import { restorerNamed, setup } from '../registry.js';
import { Session, type SessionFlags } from '../session.js';
import type { Terminal } from '../terminal.js';

interface Flags extends SessionFlags, DegradationFlags, PictureFlags, SaveFlags {
  readonly out: string;
  readonly model: string;
  readonly seed?: number | bigint;
  readonly tile?: TilePlan | 'auto' | 'none';
  readonly threads?: number;
  readonly providers?: readonly string[];
  readonly set?: Readonly<Record<string, unknown>>;
  readonly upscale: number;
}

const EXAMPLES = [
  'ir restore blurred.png -o sharp.png',
  'ir restore blurred.png -o sharp.png --model wiener --degradation "blur[sigma=2]"',
  'ir restore blurred.png -o sharp.png --model richardson-lucy --set iterations=20 --degradation "blur[sigma=2]"',
  'ir restore small.png -o large.png --upscale 2',
  'ir restore huge.tiff -o sharp.tiff --tile 512+96 --threads 8 --providers cuda,cpu',
];

export function restoreCommand(terminal: Terminal): Command {
  const command = new Command('restore')
    .summary('restore a picture (Eq. 2)')
    .description(
      'Restores a picture: by the bundled network, blind, unless another is named. `ir models list` shows the networks; wiener and richardson-lucy need no network but must be told the blur.',
    )
    .argument('<in>', 'PNG, JPEG, WebP or TIFF')
    .requiredOption('-o, --out <file>', 'where to write; the extension says the format')
    .option('--model <id>', 'a network’s id, wiener, richardson-lucy or none', 'restorer-s');
  withDegradationFlags(command)
    .option('--tile <plan>', 'SIZE+OVERLAP in pixels, auto (only large pictures) or none; networks only', tile)
    .option('--threads <n>', 'threads of a network (default: all usable cores)', integer('--threads', 1, 256))
    .option('--providers <list>', 'execution providers of a network in order (default: cpu)', list('--providers'))
    .option('--set <name=value>', 'a setting of the restorer, as often as needed', setting)
    .option('--upscale <n>', 'first bring the picture up n times by MATLAB bicubic', integer('--upscale', 1, 16), 1)
    .option('--seed <n>', 'seed of restorers that draw noise, 0 to 2^64 - 1 (default: 0)', seed);
  withOutputFlags(withSaveFlags(withPictureFlags(command)));
  return withExamples(command, EXAMPLES).action((input: string, flags: Flags) =>
    run(input, flags, new Session(terminal, flags)),
  );
}

async function run(input: string, flags: Flags, session: Session): Promise<void> {
  const { signal } = session;
  const degradation = await degradationOf(flags);
  await checkPictureOutput(flags.out, [input]);
  const meter = await meterMemory();
  const restorer = await openRestorer(flags);
  try {
    for (const remark of remarksOn(restorer, flags, degradation)) session.note(remark);
    const image = await decode(input, decodeOptions(flags, signal));
    const from = await bringToSize(image, image.width * flags.upscale, image.height * flags.upscale, { signal });
    const start = performance.now();
    const restored = await session.watch((onProgress) =>
      restorer.restore(from, { seed: flags.seed ?? 0, signal, onProgress, ...given('degradation', degradation) }),
    );
    const seconds = (performance.now() - start) / 1000;
    const memory = await meter.peak();
    // A network's free samples go onto the grid of the picture that came.
    const depth = flags.depth ?? (image.depth === 8 ? '8' : undefined);
    await saveImage(restored, flags.out, encodeOptions({ ...flags, ...given('depth', depth) }, signal));
    tell(session, input, flags.out, restored, restorer, degradation, { seconds, memory });
  } finally {
    await restorer.dispose();
  }
}

/** What was asked for and changes nothing, or may show in the result. */
function* remarksOn(
  restorer: Restorer,
  { seed, tile, set }: Pick<Flags, 'seed' | 'tile' | 'set'>,
  degradation: Degradation | undefined,
): Generator<string> {
  const { id, needs, draws } = restorer;
  if (degradation && !needs.degradation) yield `${id} is blind: the degradation named is not used`;
  if (seed !== undefined && draws === false) yield `${id} draws nothing: the seed is not used`;
  const { manifest } = restorer as Partial<DirectRestorer>;
  const { data: plan = tile } = tileSetting.safeParse(set?.tile);
  if (typeof plan === 'object' && plan.overlap < (manifest?.reach ?? 0))
    yield `${id} looks ${manifest!.reach} pixels around, tiles overlap by ${plan.overlap}: their borders may show`;
}

/** The restorer with what the flags say of it; flags that were not given are not settings. */
async function openRestorer({ model, tile, threads, providers, set = {} }: Flags): Promise<Restorer> {
  const settings = { ...given('tile', tile), ...given('threads', threads), ...given('providers', providers), ...set };
  return restorerNamed(model, await setup()).create(settings, { threads: availableParallelism() });
}

/** What ran: networks say so themselves, everything else runs on the native kernels. */
function ranBy(restorer: Restorer): { readonly where: string; readonly ran: object } {
  const { ran } = restorer as Partial<DirectRestorer>;
  if (ran) {
    const failures = ran.failures.map(({ provider, message }) => `, not ${provider}: ${message.split('\n')[0]}`);
    return { where: `${ran.provider}, ${counted(ran.threads, 'thread')}, ${ran.runtime}${failures.join('')}`, ran };
  }
  const { variant, backend, threads } = inspect();
  return { where: `native kernels (${variant})`, ran: { variant, backend, threads } };
}

function tell(
  session: Session,
  input: string,
  output: string,
  { width, height }: Image,
  restorer: Restorer,
  degradation: Degradation | undefined,
  { seconds, memory }: { readonly seconds: number; readonly memory: PeakMemory },
): void {
  const { where, ran } = ranBy(restorer);
  const identity = (degradation && restorer.identityFor?.(degradation)) ?? restorer.identity;
  const told = restorer.needs.degradation && degradation ? degradationIdentity(degradation) : null;
  session.result(
    {
      schema: 'ir.restore/1',
      input,
      output,
      width,
      height,
      restorer: restorer.id,
      identity,
      degradation: told,
      ran,
      seconds,
      memory,
    },
    `${output}: ${width}x${height}, ${identity}\n  on ${where}, ${seconds.toFixed(2)} s, peak memory ${memoryText(memory.bytes)}`,
  );
}
