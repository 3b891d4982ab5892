import {
  explain,
  type ProfileOptions,
  type ProfileReport,
  type ProfileTable,
  profile,
  profileNotes,
  profileParts,
  profileSampling,
  profileTable,
  type TilePlan,
  UsageError,
  writeProfile,
} from '@ir/core';
import { Command } from 'commander';
import { type DegradationFlags, degradationOf, withDegradationFlags } from '../degradation.js';
import {
  collect,
  given,
  integer,
  list,
  number,
  setting,
  size,
  tile,
  withExamples,
  withOutputFlags,
} from '../options.js';
import { setup } from '../registry.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

interface Flags
  extends SessionFlags,
    DegradationFlags,
    Pick<ProfileOptions, 'size' | 'runs' | 'warmup' | 'threads' | 'providers'> {
  readonly model?: readonly string[];
  readonly steps?: number;
  readonly guidance?: number;
  readonly tile?: TilePlan | 'auto' | 'none';
  readonly set?: Readonly<Record<string, unknown>>;
  readonly metric?: readonly string[];
  readonly images?: string;
  readonly longSide?: number;
  readonly seeds?: number;
  readonly seed: number;
  readonly out?: string;
}

const EXAMPLES = [
  'ir profile                                             every restorer at hand, 512x512',
  'ir profile --model restorer-s --model wiener --size 768x512 --runs 20 --json',
  'ir profile --steps 50 --guidance 4 --metric niqe --images photos/ --preset SR4 -o figure-4/',
];

export function profileCommand(terminal: Terminal): Command {
  const command = new Command('profile')
    .summary('what restorers cost, and what for (Figure 4)')
    .description(
      'Measures restorers, one after another: parameters by part, forward passes, latency after warm-up, peak memory; of latent diffusion models also the time outside the networks. With --images and --metric a figure of what that buys.',
    )
    .option('--model <id>', 'a restorer, as often as needed (default: all at hand)', collect)
    .option('--size <size>', 'of the output (default 512x512)', size('--size'))
    .option('--runs <n>', 'runs that count (default 5)', integer('--runs', 1, 100_000))
    .option('--warmup <n>', 'runs before them (default 1)', integer('--warmup', 0, 100_000))
    .option('--threads <n>', 'threads of a network (default: all usable cores)', integer('--threads', 1, 256))
    .option('--providers <list>', 'execution providers of networks in order (default: cpu)', list('--providers'))
    .option('--steps <n>', 'steps of latent diffusion models', integer('--steps', 1, 100_000))
    .option('--guidance <n>', 'their guidance; other than 1 it doubles the passes', number('--guidance'))
    .option('--tile <plan>', 'their tiles: SIZE+OVERLAP in pixels, auto or none', tile)
    .option('--set <name=value>', 'another setting of theirs, or of the one restorer named', setting)
    .option('--images <dir>', 'photographs for --metric')
    .option('-m, --metric <list>', 'metrics over --images, commas between (default niqe)', list('--metric'))
    .option('--long-side <n>', 'reduce photographs to this long side (default 512)', integer('--long-side', 16));
  withDegradationFlags(command)
    .option('--seed <n>', 'seed of noise', integer('--seed', 0), 0)
    .option(
      '--seeds <n>',
      'seeds over --images of restorers that draw, from --seed on (default 3)',
      integer('--seeds', 1, 1000),
    )
    .option('-o, --out <dir>', 'write figures, tables and numbers there; made where it is not there');
  return withExamples(withOutputFlags(command), EXAMPLES).action((flags: Flags) =>
    run(flags, new Session(terminal, flags)),
  );
}

async function run(flags: Flags, session: Session): Promise<void> {
  const { signal } = session;
  const { model, out, steps, guidance, tile: plan, set = {} } = flags;
  const { size: of, runs, warmup, threads, providers, seed } = flags;
  const settings = { ...given('steps', steps), ...given('guidance', guidance), ...given('tile', plan), ...set };
  const degradation = await degradationOf(flags);
  const quality = qualityOf(flags);
  const registry = await setup();
  const report = await session.watch((onProgress) =>
    profile({
      registry,
      settings,
      seed,
      signal,
      onProgress,
      ...given('models', model),
      ...given('size', of),
      ...given('runs', runs),
      ...given('warmup', warmup),
      ...given('threads', threads),
      ...given('providers', providers),
      ...given('degradation', degradation),
      ...given('quality', quality),
    }),
  );
  for (const { id, reason } of report.skipped) session.note(`left out: ${id}: ${reason}`);
  const written = out === undefined ? undefined : await writeProfile(report, out);
  session.result(report, describe(report, written?.index));
}

/** What is scored; undefined where nothing is. @throws UsageError for metrics without pictures */
function qualityOf({ images, metric, longSide, seeds }: Flags) {
  if (images !== undefined)
    return {
      images,
      metrics: (metric ?? ['niqe']).map((alias) => ({ alias })),
      ...given('longSide', longSide),
      ...given('seeds', seeds),
    };
  const idle = { '--metric': metric, '--long-side': longSide, '--seeds': seeds };
  const flag = Object.entries(idle).find(([, value]) => value !== undefined)?.[0];
  if (flag === undefined) return undefined;
  const told = { name: flag, expected: 'a folder of photographs beside it', got: 'none', fix: 'Give --images DIR' };
  throw new UsageError('IR_E_USAGE', explain(told));
}

const shown = ({ head, rows }: ProfileTable) => (rows.length > 0 ? [table(head, rows)] : []);

function describe(report: ProfileReport, index: string | undefined): string {
  const tables = [profileTable(report), profileParts(report), profileSampling(report)].flatMap(shown);
  return [...tables, profileNotes(report).join('\n'), ...(index ? [`written: ${index}`] : [])].join('\n\n');
}
