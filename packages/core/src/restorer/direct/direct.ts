import { createHash } from 'node:crypto';
import type { Image } from '../../image/contract.js';
import { assertImage } from '../../image/create.js';
import { crop } from '../../image/geometry.js';
import { resampleImage } from '../../image/resample.js';
import type { RestorerManifest } from '../../models/manifest.js';
import { checkPorts } from '../../models/ports.js';
import { type InstalledModel, restorerModel, verifiedGraph } from '../../models/store.js';
import { Network, type NetworkOptions, type NetworkRun } from '../../network/index.js';
import type { RestoreOptions, Restorer, TilePlan } from '../contract.js';
import { fromTensor, toTensor } from './port.js';
import { checkTilePlan, type Tile, tilesOf } from './tiles.js';

const AUTO_TILE = 512;

export interface DirectOptions extends NetworkOptions {
  /** Default for calls that give none. */
  readonly tile?: TilePlan | 'auto' | 'none';
}

/** A restorer of one forward pass, with what ran it. */
export interface DirectRestorer extends Restorer {
  readonly ran: NetworkRun;
  readonly manifest: RestorerManifest;
}

/** A restorer from an installed network: hash and ports are checked before anything runs. @throws ModelError, EnvironmentError `IR_E_PROVIDER` */
export async function openRestorer(model: InstalledModel, options: DirectOptions = {}): Promise<DirectRestorer> {
  const restorer = restorerModel(model);
  const { manifest } = restorer;
  if (options.tile !== undefined && typeof options.tile !== 'string') checkTilePlan(options.tile);
  const network = await Network.open(manifest.id, await verifiedGraph(restorer, options.signal), options);
  try {
    checkPorts(manifest, network);
  } catch (error) {
    await network.dispose();
    throw error;
  }
  return new Direct(manifest, network, options.tile ?? 'auto');
}

class Direct implements DirectRestorer {
  readonly family = 'direct';
  readonly needs = { degradation: false };
  readonly draws = false;

  constructor(
    readonly manifest: RestorerManifest,
    readonly network: Network,
    readonly tile: TilePlan | 'auto' | 'none',
  ) {}

  get id(): string {
    return this.manifest.id;
  }
  get scale(): number {
    return this.manifest.scale;
  }
  get ran(): NetworkRun {
    return this.network.ran;
  }
  get identity(): string {
    const { id, graph, input, output, scale, multiple, reach, maxPixels, blend } = this.manifest;
    // What the manifest says of running changes the output as well as the weights do.
    const says = JSON.stringify([input, output, scale, multiple, reach, maxPixels, blend ?? false]);
    const how = createHash('sha256').update(says).digest('hex').slice(0, 8);
    const { provider, threads, runtime } = this.ran;
    const plan = typeof this.tile === 'string' ? this.tile : `${this.tile.size}+${this.tile.overlap}`;
    return `${id}[sha256=${graph.sha256.slice(0, 16)},ports=${how},tile=${plan},provider=${provider},threads=${threads},${runtime.replace(' ', '=')}]@1`;
  }

  async restore(image: Image, options: RestoreOptions = {}): Promise<Image> {
    assertImage(image);
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { scale, multiple, blend = false } = this.manifest;
    const plan = this.#plan(image, options.tile ?? this.tile);
    const tiles = tilesOf(image.width, image.height, plan, { multiple, scale, blend });
    const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
    const grey = image.channels === 1;
    const out = new Float32Array((grey ? 1 : 3) * width * height);
    for (const [i, tile] of tiles.entries()) {
      signal?.throwIfAborted();
      onProgress?.({ phase: 'restore', completed: i, total: tiles.length });
      const { left: x, top: y, width: w, height: h } = tile.region;
      addShare(await this.#runRegion(crop(image, { x, y, width: w, height: h }), signal), tile, out, {
        width,
        height,
        grey,
      });
    }
    onProgress?.({ phase: 'restore', completed: tiles.length, total: tiles.length });
    const alpha = image.alpha ? await scaleAlpha(image, width, height) : undefined;
    return { width, height, channels: image.channels, data: out, depth: 32, ...(alpha ? { alpha } : {}) };
  }

  dispose(): Promise<void> {
    return this.network.dispose();
  }

  #plan(image: Image, tile: TilePlan | 'auto' | 'none'): TilePlan {
    const whole = { size: Math.max(image.width, image.height, 16), overlap: 0 };
    if (tile === 'none') return whole;
    if (tile === 'auto')
      return image.width * image.height <= this.manifest.maxPixels
        ? whole
        : { size: AUTO_TILE, overlap: this.manifest.reach };
    checkTilePlan(tile);
    return tile;
  }

  /** One forward pass over a region, padded to the network's multiple and cut again. */
  async #runRegion(region: Image, signal?: AbortSignal): Promise<Region> {
    const { input, output, multiple, scale, id } = this.manifest;
    const padded = (n: number) => Math.ceil(n / multiple) * multiple;
    const [width, height] = [padded(region.width), padded(region.height)];
    const outputs = await this.network.run(
      { [input.name]: toTensor(region, input, width, height) },
      signal ? { signal } : {},
    );
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    return {
      data: fromTensor(outputs[output.name], output, w, h, id),
      width: w,
      height: h,
      channels: output.colour === 'grey' ? 1 : 3,
    };
  }
}

interface Region {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Adds a tile's share to the result; a grey picture takes the BT.601 luma of a network's RGB. */
function addShare(
  from: Region,
  { target, shares }: Tile,
  out: Float32Array,
  to: { readonly width: number; readonly height: number; readonly grey: boolean },
): void {
  const plane = from.width * from.height;
  const sample = (c: number, i: number) => from.data[(from.channels === 1 ? 0 : c) * plane + i]!;
  const luma = (i: number) => 0.299 * sample(0, i) + 0.587 * sample(1, i) + 0.114 * sample(2, i);
  for (let y = 0; y < target.height; y++) {
    const row = shares.y[y]!;
    if (row === 0) continue;
    const at = (target.top + y) * to.width + target.left;
    for (let x = 0; x < target.width; x++) {
      const share = row * shares.x[x]!;
      if (share === 0) continue;
      const i = y * from.width + x;
      if (to.grey) out[at + x]! += share * (from.channels === 1 ? sample(0, i) : luma(i));
      else for (let c = 0; c < 3; c++) out[c * to.width * to.height + at + x]! += share * sample(c, i);
    }
  }
}

/** The alpha plane at another size, limited to [0, 1]. */
export async function scaleAlpha(image: Image, width: number, height: number): Promise<Float32Array | undefined> {
  if (!image.alpha || (width === image.width && height === image.height)) return image.alpha;
  const plane: Image = { width: image.width, height: image.height, channels: 1, data: image.alpha, depth: 32 };
  return (await resampleImage(plane, width, height)).data.map((a) => Math.max(0, Math.min(1, a)));
}
