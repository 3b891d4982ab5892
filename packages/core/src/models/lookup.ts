import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, parseManifest } from './manifest.js';
import { bundledModelsDir, type InstalledModel, userModelsDir } from './store.js';

/** Installed models of one kind, for those that must name them without waiting (a metric's identity). Broken folders are left out. */
export function modelsSync<K extends Manifest['kind']>(kind: K): InstalledModel<Extract<Manifest, { kind: K }>>[] {
  const roots = [
    [bundledModelsDir(), 'bundled'],
    [userModelsDir(), 'user'],
  ] as const;
  const found = roots.flatMap(([root, origin]) => manifestsIn(root).map((one) => ({ ...one, origin })));
  return found.filter(
    (model, i): model is InstalledModel<Extract<Manifest, { kind: K }>> =>
      model.manifest.kind === kind && found.findIndex((m) => m.manifest.id === model.manifest.id) === i,
  );
}

function manifestsIn(root: string): { manifest: Manifest; folder: string }[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => {
      const path = join(root, name, 'manifest.json');
      try {
        return [{ manifest: parseManifest(JSON.parse(readFileSync(path, 'utf8')), path), folder: join(root, name) }];
      } catch {
        return [];
      }
    });
}

/** An installed model of a kind by its id; underscores and dashes are one. */
export function findModelSync<K extends Manifest['kind']>(
  kind: K,
  id: string,
): InstalledModel<Extract<Manifest, { kind: K }>> | undefined {
  const plain = (text: string) => text.replaceAll('_', '-');
  const models = modelsSync(kind);
  return models.find((m) => m.manifest.id === id) ?? models.find((m) => plain(m.manifest.id) === plain(id));
}
