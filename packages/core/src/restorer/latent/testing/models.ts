import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Image } from '../../../image/contract.js';
import { type LatentManifest, parseManifest } from '../../../models/manifest.js';
import type { InstalledModel } from '../../../models/store.js';

/** The tiny models of training/export/tiny_ldm.py. */
export const tinyFolder = (name: string) =>
  fileURLToPath(new URL(`../../../../goldens/latent/${name}`, import.meta.url));

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

/** A model in a folder, its manifest changed where asked for. */
export function modelIn(folder: string, change: (manifest: Json) => void = () => {}): InstalledModel<LatentManifest> {
  const manifest = readJson(join(folder, 'manifest.json')) as Json;
  change(manifest);
  return { manifest: parseManifest(manifest, 'manifest') as LatentManifest, folder, origin: 'user' };
}

/** What a test changes in a manifest before it is read: anything. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest on its way to be made wrong
export type Json = any;

export const tinyModel = (name: string, change?: (manifest: Json) => void) => modelIn(tinyFolder(name), change);

/** A copy of a tiny model whose files can be spoilt. */
export function copiedModel(name: string): {
  readonly folder: string;
  write(file: string, bytes: Uint8Array): void;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'ir-latent-'));
  cpSync(tinyFolder(name), folder, { recursive: true });
  return {
    folder,
    write: (file, bytes) => writeFileSync(join(folder, file), bytes),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The picture of the goldens, by the formula in tiny_ldm.py. */
export function formulaPicture(width: number, height: number, channels: 1 | 3 = 3): Image {
  const data = new Float32Array(channels * width * height);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const checks = 40 * ((Math.floor(x / 9) + Math.floor(y / 11)) % 2);
        const level = (x * (3 + c) + y * (5 - c) + Math.floor((x * y) / 7) + checks) % 256;
        data[(c * height + y) * width + x] = level / 255;
      }
  return { width, height, channels, data, depth: 8 };
}
