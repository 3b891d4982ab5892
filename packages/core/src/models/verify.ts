import { CheckError, explain } from '../errors.js';
import { Network, type NetworkOptions, type NetworkRun } from '../network/index.js';
import { openAutoencoder } from '../restorer/autoencoder/autoencoder.js';
import type { Restorer } from '../restorer/contract.js';
import { checkSettings, openLatentRestorer } from '../restorer/latent/latent.js';
import { hashOf } from '../study/canonical.js';
import { madeUpPicture } from './add-metric.js';
import type { AutoencoderManifest, LatentManifest, MetricManifest, RestorerManifest } from './manifest.js';
import { embed, measureDistance, measureQuality } from './measure.js';
import { checkPorts } from './ports.js';
import { pass, testPicture } from './probe.js';
import { type InstalledModel, verifiedGraph } from './store.js';

export interface Verification {
  readonly id: string;
  readonly sha256: string;
  readonly provider: string;
  /** Milliseconds of one pass over a picture of about 128x128. */
  readonly milliseconds: number;
}

/**
 * Hash, ports and one run of an installed model.
 * @throws ModelError for a wrong hash, port or output; CheckError where the output has the wrong size or value
 */
export async function verifyModel(model: InstalledModel, options: NetworkOptions = {}): Promise<Verification> {
  const { manifest } = model;
  if (manifest.kind === 'latent-diffusion') return verifyLatent({ ...model, manifest }, options);
  if (manifest.kind === 'autoencoder')
    return runWhole({ ...model, manifest }, await openAutoencoder({ ...model, manifest }, options), options);
  const { id, graph } = manifest;
  const network = await Network.open(id, await verifiedGraph({ ...model, manifest }, options.signal), options);
  try {
    checkPorts(manifest, network);
    const run = manifest.kind === 'restorer' ? runRestorer(manifest, network) : runMetric(manifest, network);
    const start = performance.now();
    await run(options.signal);
    return { id, sha256: graph.sha256, provider: network.ran.provider, milliseconds: performance.now() - start };
  } finally {
    await network.dispose();
  }
}

/** Its defaults as they stand, then one step from noise through every part. */
async function verifyLatent(
  model: InstalledModel<LatentManifest>,
  { signal, ...options }: NetworkOptions,
): Promise<Verification> {
  const call = signal ? { signal } : {};
  checkSettings(model.manifest, {});
  const settings = { ...options, stage: 'sample', steps: 1, until: undefined, start: 'noise', tile: 'none' };
  return runWhole(model, await openLatentRestorer(model, { settings, ...call }), call);
}

/** A picture of about 128x128 through every part; the hash is that of the manifest, which has every part's. */
async function runWhole(
  { manifest }: InstalledModel<LatentManifest | AutoencoderManifest>,
  restorer: Restorer & { readonly ran: NetworkRun },
  { signal }: NetworkOptions,
): Promise<Verification> {
  try {
    const side = sideFor(manifest.minSide, 8);
    const start = performance.now();
    await restorer.restore(madeUpPicture(side, side), signal ? { signal } : {});
    const milliseconds = performance.now() - start;
    return { id: manifest.id, sha256: hashOf(manifest), provider: restorer.ran.provider, milliseconds };
  } finally {
    await restorer.dispose();
  }
}

const sideFor = (least: number, multiple: number) => Math.ceil(Math.max(128, least) / multiple) * multiple;

function runRestorer({ id, input, output, scale, multiple }: RestorerManifest, network: Network) {
  const side = sideFor(1, multiple);
  const subject = { network, input, output, channels: input.colour === 'grey' ? 1 : 3, range: input.range };
  const picture = testPicture(subject.channels, side, side, input.range);
  const expected = [1, output.colour === 'grey' ? 1 : 3, side * scale, side * scale];
  return async (signal?: AbortSignal): Promise<void> => {
    const { dims } = await pass(subject, picture, side, side, signal);
    if (dims.every((d, i) => d === expected[i])) return;
    const told = { name: `${id} output`, expected: `[${expected.join(', ')}]`, got: `[${dims.join(', ')}]` };
    throw new CheckError(explain(told));
  };
}

function runMetric(manifest: MetricManifest, network: Network) {
  const { id, multiple, smallest } = manifest;
  const { shape } = manifest.kind === 'distance' ? manifest.image : manifest.input;
  const [height, width] = shape.slice(2).map((s) => (typeof s === 'number' ? s : sideFor(smallest, multiple)));
  const picture = madeUpPicture(width!, height!);
  return async (signal?: AbortSignal): Promise<void> => {
    const call = signal ? { signal } : {};
    let value = 0;
    if (manifest.kind === 'encoder') value = (await embed(network, manifest, picture, call)).embedding[0]!;
    else if (manifest.kind === 'quality') value = await measureQuality(network, manifest, picture, call);
    else value = (await measureDistance(network, manifest, [picture, picture], call)).value;
    const good = Number.isFinite(value) && (manifest.kind !== 'distance' || Math.abs(value) < 1e-3);
    if (good) return;
    const expected = manifest.kind === 'distance' ? 'a distance of 0 of a picture from itself' : 'finite numbers';
    throw new CheckError(explain({ name: `${id} output`, expected, got: String(value) }));
  };
}
