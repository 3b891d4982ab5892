import { realpathSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describeValue, explain, UsageError, unknownName, writing } from '../errors.js';
import { asideOf, bundledModelsDir, clearRemoved, listModels, type ModelList, userModelsDir } from './store.js';

/** What is there no more. */
export interface RemovedModel {
  readonly id: string;
  readonly folder: string;
}

/**
 * Removes a model of the user's; one that is broken goes by its folder's name. It is there whole or not at all: the folder first takes a name
 * that no model has; what a killed removal left behind goes with the next model that is added or removed.
 * @throws UsageError `IR_E_USAGE` for a model that comes with `ir`, `IR_E_UNKNOWN_NAME` with a suggestion; EnvironmentError `IR_E_WRITE`
 */
export async function removeModel(id: string): Promise<RemovedModel> {
  await clearRemoved(userModelsDir());
  const folder = removableFolder(await listModels(), id);
  const aside = asideOf(folder);
  await writing(folder, async () => {
    await rename(folder, aside);
    await rm(aside, { recursive: true, force: true });
  });
  return { id, folder };
}

/** Is it a folder of the installation, by whatever path? */
const isBundled = (folder: string): boolean => realpathSync(dirname(folder)) === realpathSync(bundledModelsDir());

/** The folder to remove: of a model of the user's, else of a broken one by its name. @throws UsageError as `removeModel` */
export function removableFolder({ models, broken }: ModelList, id: string): string {
  const whole = models.map(({ manifest, folder }) => ({ name: manifest.id, folder }));
  const all = [...whole, ...broken.map(({ folder }) => ({ name: basename(folder), folder }))];
  const own = all.filter(({ folder }) => !isBundled(folder));
  const found = own.find(({ name }) => name === id);
  if (found) return found.folder;
  if (all.some(({ name }) => name === id)) {
    const told = { name: 'model', expected: 'one that you have added', got: `${id}, which comes with ir` };
    throw new UsageError('IR_E_USAGE', explain({ ...told, fix: 'Bundled models belong to the installation' }));
  }
  const known = own.map(({ name }) => name);
  if (known.length === 0) {
    const told = { name: 'model', expected: 'one that you have added', got: `${describeValue(id)}; there is none` };
    throw new UsageError('IR_E_UNKNOWN_NAME', explain(told));
  }
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('model', id, known));
}
