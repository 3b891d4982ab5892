import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Image, saveImage } from '@ir/core';

/** A folder of pictures under the system's temporary folder; gone after `dispose`. */
export class PictureFolder {
  private constructor(readonly path: string) {}

  static async make(files: Readonly<Record<string, Image>> = {}): Promise<PictureFolder> {
    const folder = new PictureFolder(await mkdtemp(join(tmpdir(), 'ir-metrics-')));
    for (const [name, image] of Object.entries(files)) await folder.add(name, image);
    return folder;
  }

  async add(name: string, image: Image): Promise<string> {
    const path = this.at(name);
    await mkdir(dirname(path), { recursive: true });
    await saveImage(image, path);
    return path;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  dispose(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
