import { basename } from 'node:path';
import { explain, ModelError } from '../errors.js';
import { Network } from '../network/index.js';
import type { PortMetadata, Tensor } from '../network/protocol.js';
import { openAutoencoder } from '../restorer/autoencoder/autoencoder.js';
import { type AddModelOptions, portOf } from './add.js';
import { madeUpPicture } from './add-metric.js';
import { type AutoencoderManifest, parseManifest } from './manifest.js';
import { pass, reachOf, reachSide, type Subject, spottedPicture, testPicture } from './probe.js';
import { installModel, type StagedGraph, stageGraph } from './staging.js';
import type { InstalledModel } from './store.js';

/** What the user says of an autoencoder's two graphs; the rest is asked of them. `range` is the encoder's, `outputRange` the decoder's. */
export interface AddAutoencoderOptions extends Omit<AddModelOptions, 'kind' | 'direction'> {
  readonly id: string;
}

/** An autoencoder as it was installed. */
export interface AddedAutoencoder extends InstalledModel<AutoencoderManifest> {
  /** PSNR of a made-up picture that went through it, in dB. A wrong range or order of colours lowers it (TAEF2: 31.9, with [-1, 1] 22.9). */
  readonly roundTrip: number;
}

const refuse = (name: string, expected: string, got: string, fix?: string) =>
  new ModelError(explain({ name, expected, got, fix }));

const portsText = (ports: readonly PortMetadata[]) =>
  ports.map((p) => `${p.name}: ${p.type} [${(p.shape ?? []).join(', ')}]`).join('; ') || 'none';

/** Two open graphs, and how they are fed. */
interface Pair {
  readonly encoder: Subject;
  readonly decoder: Subject;
  readonly latent: { readonly channels: number; readonly factor: number };
  readonly gives: 'moments' | 'latent';
}

const PROBE = 64;

/** The only float32 port of four sides, height and width free. */
function planePort(ports: readonly PortMetadata[], name: string, alone: boolean): PortMetadata {
  const planes = ports.filter(({ type, shape }) => type === 'float32' && shape?.length === 4);
  const [port] = planes;
  if (!port || planes.length > 1 || (alone && ports.length > 1))
    throw refuse(name, 'one float32 tensor [N, C, H, W]', portsText(ports));
  const [batch, , ...sides] = port.shape!;
  if (typeof batch === 'number' && batch !== 1) throw refuse(name, 'a batch of 1 or free', `${batch}`);
  if (sides.some((side) => typeof side === 'number'))
    throw refuse(name, 'free height and width', portsText([port]), 'Export the graph with free height and width');
  return port;
}

function subjectOf(network: Network, channels: number, range: readonly [number, number]): Subject {
  const input = planePort(network.inputs, `${network.name} input`, true);
  const output = planePort(network.outputs, `${network.name} output`, false);
  const [, stated] = input.shape!;
  if (typeof stated === 'number' && stated !== channels)
    throw refuse(`${network.name} input`, `${channels} channels`, portsText([input]));
  return { network, input, output, channels, range };
}

/** The latent's channels and factor, and whether it comes as moments: by one pass of the encoder and what the decoder takes. */
async function pairOf(encoding: Network, decoding: Network, options: AddAutoencoderOptions): Promise<Pair> {
  const { range = [0, 1], multiple = PROBE, signal } = options;
  const encoder = subjectOf(encoding, 3, range);
  const side = Math.ceil(PROBE / multiple) * multiple;
  const { dims } = await pass(encoder, testPicture(3, side, side, range), side, side, signal);
  const [, given, height, width] = dims as [number, number, number, number];
  const factor = side / width;
  if (height !== width || !Number.isInteger(factor))
    throw refuse(
      `${encoding.name} output`,
      'a latent whose sides divide the picture’s',
      `[${dims.join(', ')}] for ${side}x${side}`,
    );
  const [, stated] = planePort(decoding.inputs, `${decoding.name} input`, true).shape!;
  if (typeof stated === 'number' && stated !== given && 2 * stated !== given)
    throw refuse(
      `${decoding.name} input`,
      `${given} channels, which the encoder gives, or half of them where those are moments`,
      `${stated}`,
    );
  const pair = (channels: number): Pair => ({
    encoder,
    decoder: subjectOf(decoding, channels, range),
    latent: { channels, factor },
    gives: channels === given ? 'latent' : 'moments',
  });
  if (typeof stated === 'number') return pair(stated);
  // The decoder does not say: what it takes is found by trying.
  for (const channels of given % 2 === 0 ? [given, given / 2] : [given])
    if (await takes(pair(channels), side, side, signal)) return pair(channels);
  throw refuse(`${decoding.name} input`, `what the encoder gives, ${given} channels or half of them`, 'a refusal');
}

/** The mean of the moments, or the latent itself. */
async function latentOf(
  { encoder, latent }: Pair,
  data: Float32Array,
  width: number,
  height: number,
  signal?: AbortSignal,
) {
  const { data: given, dims } = await pass(encoder, data, width, height, signal);
  const [, , h, w] = dims as [number, number, number, number];
  return { data: (given as Float32Array).slice(0, latent.channels * w * h), width: w, height: h };
}

const decodeOf = (
  { decoder }: Pair,
  z: { data: Float32Array; width: number; height: number },
  signal?: AbortSignal,
): Promise<Tensor> => pass(decoder, z.data, z.width, z.height, signal);

/** Does a picture of this size come back as one of this size? */
async function takes(pair: Pair, width: number, height: number, signal?: AbortSignal): Promise<boolean> {
  try {
    const z = await latentOf(pair, testPicture(3, width, height, pair.encoder.range), width, height, signal);
    const { dims } = await decodeOf(pair, z, signal);
    return dims[1] === 3 && dims[2] === height && dims[3] === width;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/** The smallest of 1, 2, 4 .. 64 times the factor of which sides have to be multiples. */
async function findMultiple(pair: Pair, signal?: AbortSignal): Promise<number> {
  const { factor } = pair.latent;
  for (let multiple = factor; multiple <= 64 * factor && multiple <= 512; multiple *= 2) {
    const base = Math.ceil(PROBE / multiple) * multiple;
    const [a, b] = [base + multiple, base + 3 * multiple];
    if ((await takes(pair, a, b, signal)) && (await takes(pair, b, a, signal))) return multiple;
  }
  const fix = 'Give the multiple, or export the graphs with free height and width';
  const expected = 'a picture of 3 channels, as large as the encoder’s input, for pictures of several sizes';
  throw refuse(`${pair.decoder.network.name} output`, expected, 'none', fix);
}

/** How far a change is felt, in pixels, by the encoder (a spot in the picture) and by the decoder (the spot's latents). */
async function measureReaches(pair: Pair, multiple: number, signal?: AbortSignal) {
  const { range } = pair.encoder;
  const { channels, factor } = pair.latent;
  const side = reachSide(multiple);
  const plain = await latentOf(pair, testPicture(3, side, side, range), side, side, signal);
  const spotted = await latentOf(pair, spottedPicture(3, side, range), side, side, signal);
  const mixed = plain.data.slice();
  const n = plain.width;
  const from = Math.floor((n - 1) / 2);
  for (let c = 0; c < channels; c++)
    for (let y = from; y <= n / 2; y++)
      for (let x = from; x <= n / 2; x++) {
        const i = (c * n + y) * n + x;
        mixed[i] = spotted.data[i]!;
      }
  const before = await decodeOf(pair, plain, signal);
  const after = await decodeOf(pair, { ...plain, data: mixed }, signal);
  return {
    encoder: reachOf(plain.data, spotted.data, n, factor),
    decoder: reachOf(before.data as Float32Array, after.data as Float32Array, side, 1),
  };
}

/** @throws ModelError where the graphs are no encoder and decoder of one latent */
async function describe(
  [encoding, decoding]: readonly [Network, Network],
  [encoder, decoder]: readonly [StagedGraph, StagedGraph],
  files: readonly [string, string],
  options: AddAutoencoderOptions,
): Promise<AutoencoderManifest> {
  const { id, range = [0, 1], outputRange = range, colour = 'RGB', signal } = options;
  const pair = await pairOf(encoding, decoding, options);
  const { channels, factor } = pair.latent;
  const multiple = options.multiple ?? (await findMultiple(pair, signal));
  const { reach: given } = options;
  const reach = given === undefined ? await measureReaches(pair, multiple, signal) : { encoder: given, decoder: given };
  const latentPort = ({ name }: { readonly name: string }, c: number) => ({
    name,
    shape: ['batch', c, 'rows', 'columns'],
  });
  const part = ({ graph, parameters }: StagedGraph) => ({ graph, parameters });
  const port = (metadata: Subject['input'], wanted: typeof range) =>
    portOf(metadata as PortMetadata, 3, wanted, colour);
  const manifest = {
    schema: 'ir.model/1',
    id,
    kind: 'autoencoder',
    title: options.title ?? id,
    parts: {
      encoder: {
        ...part(encoder),
        input: port(pair.encoder.input, range),
        output: latentPort(pair.encoder.output, pair.gives === 'moments' ? 2 * channels : channels),
        gives: pair.gives,
        reach: reach.encoder,
      },
      decoder: {
        ...part(decoder),
        input: latentPort(pair.decoder.input, channels),
        output: port(pair.decoder.output, outputRange),
        reach: reach.decoder,
      },
    },
    latent: { channels, factor, normalisation: { scale: 1 } },
    multiple,
    maxPixels: options.maxPixels ?? 1_048_576,
    tile: { size: 512, overlap: 0 }, // the context around a tile is the reach of each graph
    licence: options.licence ?? 'unknown',
    source: options.source ?? files.map((file) => basename(file)).join(', '),
    ...(options.tasks ? { tasks: options.tasks } : {}),
  };
  return parseManifest(manifest, `the manifest of ${id}`) as AutoencoderManifest; // by its kind
}

/** A made-up picture of odd sides through the model as it will be installed. */
async function roundTrip(model: InstalledModel<AutoencoderManifest>, signal: AbortSignal | undefined): Promise<number> {
  const picture = madeUpPicture(133, 121);
  const call = signal ? { signal } : {};
  const restorer = await openAutoencoder(model, call);
  try {
    const { data } = await restorer.restore(picture, call);
    const squares = data.reduce((sum, value, i) => sum + (value - picture.data[i]!) ** 2, 0);
    return -10 * Math.log10(squares / data.length);
  } finally {
    await restorer.dispose();
  }
}

/**
 * Installs an encoder and a decoder as one model of kind `autoencoder`: copies both files, runs them on test pictures to find the latent's channels
 * and factor, the size multiple and the reaches, and sends a picture through the model before its folder gets its name. Whether the encoder gives
 * moments or a latent is told by the channels: twice as many as the decoder takes, or as many.
 * @throws ModelError where the graphs are no autoencoder; UsageError for a bad option or an id that is taken; EnvironmentError `IR_E_WRITE`
 */
export async function addAutoencoder(
  encoder: string,
  decoder: string,
  options: AddAutoencoderOptions,
): Promise<AddedAutoencoder> {
  const { signal } = options;
  let decibels = Number.NaN;
  const model = await installModel(
    options.id,
    options,
    async (staged, id) => {
      const first = await stageGraph(encoder, staged, 'encoder.onnx', signal);
      const second = await stageGraph(decoder, staged, 'decoder.onnx', signal);
      const call = signal ? { signal } : {};
      const encoding = await Network.open(`${id} encoder`, first.path, call);
      try {
        const decoding = await Network.open(`${id} decoder`, second.path, call);
        try {
          return await describe([encoding, decoding], [first, second], [encoder, decoder], { ...options, id });
        } finally {
          await decoding.dispose();
        }
      } finally {
        await encoding.dispose();
      }
    },
    async (staged) => {
      decibels = await roundTrip(staged, signal);
    },
  );
  return { ...model, roundTrip: decibels };
}
