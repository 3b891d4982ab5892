import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explain, ModelError, unknownName } from '../../errors.js';
import { graphParts } from '../../models/latent-parts.js';
import type { LatentManifest, RestorerManifest } from '../../models/manifest.js';
import { findModel, type InstalledModel, restorerModel, verifiedFile } from '../../models/store.js';
import type { Network, NetworkOptions } from '../../network/index.js';
import { type DirectRestorer, openRestorer } from '../direct/direct.js';
import { openTried } from './autoencoder.js';
import { assertReadable, readCaptionTable } from './caption/table.js';
import { measuredCaptioner } from './captioner.js';
import { checkControls, type StatedPort } from './check.js';
import type { Captioner } from './contract.js';
import { stated } from './open-graphs.js';
import type { Conditioning, OpenParts, Parts, Text } from './open-parts.js';
import { fixedText } from './text.js';
import { openTokenizer, type Tokenizer } from './tokenizer.js';

/** The ports that the manifest states of every graph, by the part's name. */
function statedPorts({ parts }: LatentManifest): Map<string, readonly [inputs: StatedPort[], outputs: StatedPort[]]> {
  const { encoder, conditionEncoder, decoder, captioner, text, control, denoiser } = parts;
  const ports = new Map<string, readonly [StatedPort[], StatedPort[]]>();
  ports.set('encoder', [stated(encoder.input), stated(encoder.output)]);
  if (conditionEncoder)
    ports.set('conditionEncoder', [stated(conditionEncoder.input), stated(conditionEncoder.output)]);
  ports.set('decoder', [stated(decoder.input), stated(decoder.output)]);
  if (captioner?.kind === 'tags') ports.set('captioner', [stated(captioner.input), stated(captioner.output)]);
  if (text?.kind === 'encoders')
    for (const [i, one] of text.encoders.entries())
      ports.set(`text.encoders.${i}`, [stated(one.tokens), stated(one.context, one.pooled)]);
  if (control) {
    const { latent, time, condition, context, vector } = control.inputs;
    ports.set('control', [stated(latent, time, condition, context, vector), stated(...control.outputs)]);
  }
  const { latent, time, condition, context, vector, controls = [], controlScale } = denoiser.inputs;
  const inputs = stated(latent, time, condition, context, vector, ...controls, controlScale);
  ports.set('denoiser', [inputs, stated(denoiser.output)]);
  return ports;
}

/** Opens every graph that is one of the model's own, all or none, and tries the autoencoder. */
async function openNetworks({ manifest, folder }: InstalledModel<LatentManifest>, options: NetworkOptions) {
  const own = graphParts(manifest).filter(({ name }) => name !== 'initial'); // which is opened as a restorer
  const ports = statedPorts(manifest);
  const graphs = own.map(({ name, graph }) => ({ name, graph, ports: ports.get(name)! }));
  const networks = await openTried(manifest, folder, graphs, options);
  try {
    assertControlsFit(manifest, networks);
    return networks;
  } catch (error) {
    await Promise.all([...networks.values()].map((network) => network.dispose()));
    throw error;
  }
}

/** @throws ModelError */
function assertControlsFit({ id, parts }: LatentManifest, networks: ReadonlyMap<string, Network>): void {
  const { outputs } = parts.control ?? {};
  const { controls } = parts.denoiser.inputs;
  if (!outputs || !controls) return;
  checkControls(id, outputs, controls, { control: networks.get('control')!, denoiser: networks.get('denoiser')! });
}

/** @throws ModelError naming the model whose part it is */
async function initialModel(id: string, initial: string): Promise<InstalledModel<RestorerManifest>> {
  try {
    return restorerModel(await findModel(initial));
  } catch (cause) {
    const { message } = cause as Error;
    const mend = 'Name a restorer that is installed in parts.initial, or install that one by `ir models add`.';
    throw new ModelError(`${id} initial: ${message} ${mend}`, { cause });
  }
}

/** M_phi as a restorer of its own: padded, tiled and checked like any other. */
async function openInitial(
  { manifest, folder, origin }: InstalledModel<LatentManifest>,
  options: NetworkOptions,
): Promise<DirectRestorer | undefined> {
  const { initial } = manifest.parts;
  if (initial.kind === 'graph') {
    const { id, licence, source, maxPixels } = manifest;
    const own: RestorerManifest = {
      schema: 'ir.model/1',
      title: `initial restoration of ${id}`,
      licence,
      source,
      maxPixels,
      ...initial,
      id: `${id}-initial`,
      kind: 'restorer',
    };
    return openRestorer({ manifest: own, folder, origin }, options);
  }
  if (initial.kind !== 'model') return undefined;
  const model = await initialModel(manifest.id, initial.id);
  const got = model.manifest.graph.sha256;
  if (got === initial.sha256) return openRestorer(model, options);
  const fix = 'Install the version of it that the manifest names, or write its hash into parts.initial';
  throw new ModelError(
    explain({ name: `${manifest.id} initial (${initial.id})`, expected: `SHA-256 ${initial.sha256}`, got, fix }),
  );
}

async function readFloats(folder: string, file: Parameters<typeof verifiedFile>[1]): Promise<Float32Array> {
  const bytes = await readFile(await verifiedFile(folder, file));
  if (bytes.length % 4 === 0)
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  throw new ModelError(
    explain({ name: join(folder, file.file), expected: 'float32 values', got: `${bytes.length} bytes` }),
  );
}

type FixedFiles = Pick<Extract<Text, { kind: 'fixed' }>, 'context' | 'vector'>;

/** A context that the model brings instead of a text encoder, checked against the port that takes it. */
async function readFixed(
  { manifest, folder }: InstalledModel<LatentManifest>,
  { context, vector }: FixedFiles,
): Promise<Conditioning> {
  return fixedText(manifest, {
    ...(context ? { context: await readFloats(folder, context) } : {}),
    ...(vector ? { vector: await readFloats(folder, vector) } : {}),
  });
}

/** A captioner by a table, once every text encoder of whole words reads its words by the table's numbers. */
async function openMeasured(
  folder: string,
  part: Extract<Parts['captioner'], { kind: 'measured' }>,
  text: Parts['text'],
  tokenizers: readonly Tokenizer[],
): Promise<Captioner> {
  const table = await readCaptionTable(await verifiedFile(folder, part));
  if (text?.kind === 'encoders')
    for (const [i, { tokenizer }] of text.encoders.entries())
      if (tokenizer.kind === 'words')
        assertReadable(table, tokenizers[i]!, {
          table: part.file,
          vocabulary: join(folder, tokenizer.file),
          first: tokenizer.start === undefined ? 0 : 1,
        });
  return measuredCaptioner(table);
}

async function openCaptioner(
  folder: string,
  { captioner: part, text }: Parts,
  tokenizers: readonly Tokenizer[],
  known: readonly Captioner[],
): Promise<Captioner | undefined> {
  if (part?.kind === 'measured') return openMeasured(folder, part, text, tokenizers);
  if (part?.kind !== 'builtin') return undefined;
  const found = known.find((one) => one.id === part.id);
  if (found) return found;
  throw new ModelError(
    unknownName(
      'parts.captioner.id',
      part.id,
      known.map((one) => one.id),
    ),
  );
}

/**
 * Opens all parts of a model: hashes, ports and built-ins are checked before anything runs.
 * @throws ModelError naming the part and the mend; EnvironmentError `IR_E_PROVIDER`
 */
export async function openParts(
  model: InstalledModel<LatentManifest>,
  captioners: readonly Captioner[],
  options: NetworkOptions,
): Promise<OpenParts> {
  const { manifest, folder } = model;
  const { text } = manifest.parts;
  const tokenizers: Tokenizer[] = [];
  if (text?.kind === 'encoders')
    for (const { tokenizer } of text.encoders)
      tokenizers.push(await openTokenizer(tokenizer, await verifiedFile(folder, tokenizer, options.signal)));
  const captioner = await openCaptioner(folder, manifest.parts, tokenizers, captioners);
  const fixed =
    text?.kind === 'fixed'
      ? {
          conditional: await readFixed(model, text),
          unconditional: text.unconditional && (await readFixed(model, text.unconditional)),
        }
      : undefined;
  const initial = await openInitial(model, options);
  try {
    const networks = await openNetworks(model, options);
    const all = [...networks.values(), ...(initial ? [initial] : [])];
    return {
      network: (name) => networks.get(name)!,
      runs: () => all.map(({ ran }) => ran),
      initial,
      captioner,
      tokenizers,
      fixed,
      dispose: async () => {
        await Promise.all(all.map((one) => one.dispose()));
      },
    };
  } catch (error) {
    await initial?.dispose();
    throw error;
  }
}
