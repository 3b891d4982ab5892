import { normalField } from '@ir/native';
import type { PhiloxNoise } from '../../diffusion/noise.js';
import type { Image } from '../../image/contract.js';
import { blankImage } from '../../image/create.js';
import { crop } from '../../image/geometry.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { Network, NetworkOptions } from '../../network/index.js';
import type { CallOptions } from '../../progress.js';
import type { TilePlan } from '../contract.js';
import { toTensor } from '../direct/port.js';
import { tilesOf } from '../direct/tiles.js';
import { addWeighted, cropGrid, emptyGrid, fromGridTensor, type Grid, toGridTensor } from './grid.js';
import { openGraphs, type StatedGraph } from './open-graphs.js';

/** What says how a model's autoencoder runs. */
type Autoencoding = Pick<LatentManifest, 'latent' | 'multiple' | 'minSide'> & {
  readonly parts: Pick<LatentManifest['parts'], 'encoder' | 'conditionEncoder' | 'decoder'>;
};
type EncoderPart = LatentManifest['parts']['encoder'];
type DecoderPart = LatentManifest['parts']['decoder'];
type Latent = LatentManifest['latent'];

/** How far the latent is smaller than the picture: 3 f^2 numbers of RGB become `channels`. */
export const compressionOf = ({ latent: { factor, channels } }: { readonly latent: Latent }): number =>
  (3 * factor ** 2) / channels;

/** Noise for a sample of the encoder's distribution; absent: its mode. `step` tells the samples of one run apart. */
export interface EncoderDraw {
  readonly noise: PhiloxNoise;
  readonly step: number;
}

const pixelPlan = (plan: TilePlan, reach: number, factor: number): TilePlan => ({
  // In tiles the autoencoder keeps windows of the sampler's size, each with the context that its own reach asks for.
  size: Math.ceil((plan.size + 2 * plan.overlap) / factor) * factor,
  overlap: Math.ceil(reach / factor) * factor,
});

/** Shift and scale of a channel: z = (e - shift) scale. */
function affine({ normalisation: n }: Latent, channel: number): readonly [shift: number, scale: number] {
  return 'mean' in n ? [n.mean[channel]!, 1 / n.deviation[channel]!] : [n.shift, n.scale];
}

function eachChannel(grid: Grid, change: (value: number, channel: number) => number): void {
  const n = grid.width * grid.height;
  for (let c = 0; c < grid.channels; c++)
    for (let i = c * n; i < (c + 1) * n; i++) grid.data[i] = change(grid.data[i]!, c);
}

function normalise(grid: Grid, latent: Latent): Grid {
  const factors = Array.from({ length: grid.channels }, (_, c) => affine(latent, c));
  eachChannel(grid, (e, c) => (e - factors[c]![0]) * factors[c]![1]);
  return grid;
}

function denormalised(grid: Grid, latent: Latent): Grid {
  const factors = Array.from({ length: grid.channels }, (_, c) => affine(latent, c));
  const out = { ...grid, data: grid.data.slice() };
  eachChannel(out, (z, c) => z / factors[c]![1] + factors[c]![0]);
  return out;
}

/** Mean, or mean + exp(logvar / 2) n with the logarithm of the variance limited to [-30, 20]. */
async function fromMoments(moments: Grid, draw: EncoderDraw | undefined, call: CallOptions): Promise<Grid> {
  const half = moments.data.length / 2;
  const grid = { ...moments, channels: moments.channels / 2, data: moments.data.slice(0, half) };
  if (!draw) return grid;
  const { noise, step } = draw;
  const signal = call.signal ? { signal: call.signal } : {};
  const field = new Float32Array(half);
  await normalField({ out: field, seed: noise.seed, stream: noise.stream('encode'), step }, signal);
  for (let i = 0; i < half; i++) {
    const logVariance = Math.min(20, Math.max(-30, moments.data[half + i]!));
    grid.data[i]! += Math.exp(0.5 * logVariance) * field[i]!;
  }
  return grid;
}

/**
 * z = E(x), normalised (Eq. 5, 7), of a picture whose sides are multiples of the factor. With a tile plan each tile is read with the
 * encoder's reach around it, and its latents are cut sharply: where the reach is the true one, tiles equal the whole.
 */
export async function encode(
  network: Network,
  part: EncoderPart,
  latent: Latent,
  image: Image,
  plan: TilePlan | undefined,
  draw: EncoderDraw | undefined,
  call: CallOptions,
): Promise<Grid> {
  const { factor, channels } = latent;
  const given = part.gives === 'moments' ? 2 * channels : channels;
  const [width, height] = [image.width / factor, image.height / factor];
  const whole = { size: Math.max(image.width, image.height), overlap: 0 };
  const tiles = tilesOf(image.width, image.height, plan ? pixelPlan(plan, part.reach, factor) : whole, {
    multiple: factor,
    scale: 1 / factor,
  });
  const signal = call.signal ? { signal: call.signal } : {};
  const out = emptyGrid(given, width, height);
  for (const { region, target, shares } of tiles) {
    const { left: x, top: y, width: w, height: h } = region;
    const outputs = await network.run(
      { [part.input.name]: toTensor(crop(image, { x, y, width: w, height: h }), part.input, w, h) },
      signal,
    );
    const expected = { channels: given, width: target.width, height: target.height };
    addWeighted(
      out,
      fromGridTensor(outputs[part.output.name], `${network.name} ${part.output.name}`, expected),
      target,
      shares,
    );
  }
  const grid = part.gives === 'moments' ? await fromMoments(out, draw, call) : out;
  return normalise(grid, latent);
}

/** Dec(z) (Eq. 11): planes of RGB in [0, 1], not clipped, the picture still padded. */
export async function decode(
  network: Network,
  part: DecoderPart,
  latent: Latent,
  z: Grid,
  plan: TilePlan | undefined,
  call: CallOptions,
): Promise<Grid> {
  const { factor } = latent;
  const e = denormalised(z, latent);
  const pixels = plan && pixelPlan(plan, part.reach, factor);
  const tilePlan = pixels
    ? { size: pixels.size / factor, overlap: pixels.overlap / factor }
    : { size: Math.max(z.width, z.height), overlap: 0 };
  const out = emptyGrid(3, z.width * factor, z.height * factor);
  const signal = call.signal ? { signal: call.signal } : {};
  for (const { region, target, shares } of tilesOf(z.width, z.height, tilePlan, { multiple: 1, scale: factor })) {
    const outputs = await network.run({ [part.input.name]: toGridTensor(cropGrid(e, region)) }, signal);
    const expected = { channels: 3, width: target.width, height: target.height };
    const found = fromGridTensor(outputs[part.output.name], `${network.name} ${part.output.name}`, expected);
    addWeighted(out, toPicture(found, part.output), target, shares);
  }
  return out;
}

/**
 * Runs the smallest picture through every encoder and back, so that a wrong factor or number of channels is told before any work: graphs of free sides
 * do not say theirs. @throws ModelError naming the part, the shapes and the mend
 */
async function tryAutoencoder(
  network: (name: string) => Network,
  { parts, latent, multiple, minSide }: Autoencoding,
  call: CallOptions,
): Promise<void> {
  const side = multiple * Math.ceil(minSide / multiple);
  const image = blankImage(side, side, 3, 0.5);
  const { conditionEncoder } = parts;
  if (conditionEncoder)
    await encode(network('conditionEncoder'), conditionEncoder, latent, image, undefined, undefined, call);
  const z = await encode(network('encoder'), parts.encoder, latent, image, undefined, undefined, call);
  await decode(network('decoder'), parts.decoder, latent, z, undefined, call);
}

/**
 * Opens the graphs of a model with an autoencoder, all or none, and tries that.
 * @throws ModelError naming the part and the mend; EnvironmentError `IR_E_PROVIDER`
 */
export async function openTried(
  manifest: Autoencoding & Pick<LatentManifest, 'id'>,
  folder: string,
  graphs: readonly StatedGraph[],
  options: NetworkOptions,
): Promise<Map<string, Network>> {
  const networks = await openGraphs(manifest.id, folder, graphs, options);
  try {
    await tryAutoencoder((name) => networks.get(name)!, manifest, options);
    return networks;
  } catch (error) {
    await Promise.all([...networks.values()].map((network) => network.dispose()));
    throw error;
  }
}

/** RGB over [0, 1] from the port's colours and range. */
function toPicture(grid: Grid, { range: [low, high], colour }: DecoderPart['output']): Grid {
  const n = grid.width * grid.height;
  const out = emptyGrid(3, grid.width, grid.height);
  for (let c = 0; c < 3; c++) {
    const from = (colour === 'BGR' ? 2 - c : c) * n;
    for (let i = 0; i < n; i++) out.data[c * n + i] = (grid.data[from + i]! - low) / (high - low);
  }
  return out;
}
