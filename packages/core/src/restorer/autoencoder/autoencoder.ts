import { z } from 'zod';
import { parseWith } from '../../errors.js';
import type { Image } from '../../image/contract.js';
import { assertImage } from '../../image/create.js';
import type { AutoencoderManifest } from '../../models/manifest.js';
import { findModel, type InstalledModel, restorerModel } from '../../models/store.js';
import type { Network, NetworkOptions, NetworkRun } from '../../network/index.js';
import type { CallOptions } from '../../progress.js';
import { hashOf } from '../../study/canonical.js';
import type { RestoreOptions, Restorer } from '../contract.js';
import { type DirectRestorer, openRestorer, scaleAlpha } from '../direct/direct.js';
import { checkTilePlan } from '../direct/tiles.js';
import { compressionOf, decode, encode, openTried } from '../latent/autoencoder.js';
import { stated } from '../latent/open-graphs.js';
import { cutTo, rgbOf, toImage } from '../latent/pictures.js';
import { assertInUse, checkSides, paddedFor, planFor } from '../latent/running.js';
import { tileSetting } from '../tile.js';

const settingsSchema = z.strictObject({
  /** Id of an installed network that restores: Dec(E(M_phi(I_y))). */
  initial: z.string().min(1).optional(),
  tile: tileSetting.default('auto'),
  providers: z.array(z.string()).min(1).optional(),
  threads: z.int().min(1).max(256).optional(),
});

type Settings = z.output<typeof settingsSchema>;

export interface AutoencoderOptions extends NetworkOptions {
  /** `initial`, `tile`, `providers`, `threads`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A picture through the latent space and back: what the bottleneck alone costs (Eq. 5; Table 2, Figure 5). */
export interface AutoencoderRestorer extends Restorer {
  readonly family: 'autoencoder';
  readonly manifest: AutoencoderManifest;
  /** What runs the graphs; several providers are told as `cuda+cpu`. */
  readonly ran: NetworkRun;
}

/**
 * A restorer from an installed autoencoder: Dec(E(I)), or Dec(E(M_phi(I))) with the setting `initial`, of the encoder's mode. Settings, hashes and
 * ports are checked before anything runs.
 * @throws UsageError for settings that do not fit, `IR_E_UNKNOWN_NAME` for an initial restoration that is not installed; ModelError naming the part;
 * EnvironmentError `IR_E_PROVIDER`
 */
export async function openAutoencoder(
  model: InstalledModel<AutoencoderManifest>,
  { settings: given = {}, ...options }: AutoencoderOptions = {},
): Promise<AutoencoderRestorer> {
  const { manifest, folder } = model;
  const settings = parseWith(settingsSchema, given, `${manifest.id} settings`);
  if (typeof settings.tile !== 'string') checkTilePlan(settings.tile);
  const { providers = options.providers, threads = options.threads } = settings;
  const session: NetworkOptions = {
    ...(providers ? { providers } : {}),
    ...(threads ? { threads } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  const { encoder, decoder } = manifest.parts;
  const graphs = Object.entries({ encoder, decoder }).map(([name, { graph, input, output }]) => ({
    name,
    graph,
    ports: [stated(input), stated(output)] as const,
  }));
  const initial =
    settings.initial === undefined
      ? undefined
      : await openRestorer(restorerModel(await findModel(settings.initial)), session);
  try {
    const networks = await openTried(manifest, folder, graphs, session);
    return new Autoencoder(manifest, settings, initial, networks);
  } catch (error) {
    await initial?.dispose();
    throw error;
  }
}

class Autoencoder implements AutoencoderRestorer {
  readonly family = 'autoencoder';
  readonly needs = { degradation: false };
  readonly draws = false;
  #disposed = false;

  constructor(
    readonly manifest: AutoencoderManifest,
    readonly settings: Settings,
    /** M_phi. */
    readonly initial: DirectRestorer | undefined,
    readonly networks: ReadonlyMap<string, Network>,
  ) {}

  get id(): string {
    return this.manifest.id;
  }
  get scale(): number {
    return this.initial?.scale ?? 1;
  }
  get compression(): number {
    return compressionOf(this.manifest);
  }
  get ran(): NetworkRun {
    const runs = this.#all.map(({ ran }) => ran);
    const failures = new Map(runs.flatMap((run) => run.failures).map((one) => [one.provider, one]));
    const provider = [...new Set(runs.map((run) => run.provider))].join('+');
    return { ...runs[0]!, provider, failures: [...failures.values()] };
  }
  get identity(): string {
    const { title, licence, source, tasks, ...matters } = this.manifest;
    const { tile } = this.settings;
    const plan = typeof tile === 'string' ? tile : `${tile.size}+${tile.overlap}`;
    const before = this.initial ? `initial=${this.initial.identity},` : '';
    const { provider, threads, runtime } = this.ran;
    const where = `provider=${provider},threads=${threads},${runtime.replace(' ', '=')}`;
    return `${this.id}[manifest=${hashOf(matters).slice(0, 16)},${before}tile=${plan},${where}]@1`;
  }

  get #all(): readonly (Network | DirectRestorer)[] {
    return [...this.networks.values(), ...(this.initial ? [this.initial] : [])];
  }

  async restore(image: Image, options: RestoreOptions = {}): Promise<Image> {
    const { manifest, scale } = this;
    assertInUse(this.id, this.#disposed);
    assertImage(image);
    checkSides(manifest, image, scale);
    const { signal, onProgress } = options;
    const call: CallOptions = signal ? { signal } : {};
    signal?.throwIfAborted();
    const plan = planFor(manifest, image.width * image.height * scale ** 2, options.tile ?? this.settings.tile);
    const phase = (name: string) => onProgress?.({ phase: name, completed: 0, total: 1 });
    if (this.initial) phase('initial');
    const tile = options.tile ? { tile: options.tile } : {};
    const regression = (await this.initial?.restore(rgbOf(image), { ...call, ...tile })) ?? rgbOf(image);
    phase('encode');
    const { parts, latent } = manifest;
    const padded = paddedFor(manifest, regression);
    const z = await encode(this.networks.get('encoder')!, parts.encoder, latent, padded, plan, undefined, call);
    phase('decode');
    const grid = await decode(this.networks.get('decoder')!, parts.decoder, latent, z, plan, call);
    const { width, height } = regression;
    const alpha = await scaleAlpha(image, width, height);
    return toImage(cutTo(grid, width, height), { channels: image.channels, ...(alpha ? { alpha } : {}) });
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await Promise.all(this.#all.map((one) => one.dispose()));
  }
}
