import {
  classicalRestorers,
  installedAutoencoders,
  installedLatentRestorers,
  installedRestorers,
  listModels,
  noRestorer,
  type Registry,
  type RestorerDefinition,
  refuseBroken,
  UsageError,
  unknownName,
} from '@ir/core';
import { allMetrics } from '@ir/metrics';

/** Everything `ir` can name: all metrics, those of installed networks too; doing nothing, the classical methods and every installed network. */
export async function setup(): Promise<Registry> {
  const networks = [
    ...(await installedRestorers()),
    ...(await installedAutoencoders()),
    ...(await installedLatentRestorers()),
  ];
  const { broken } = await listModels();
  return { metrics: allMetrics(), restorers: [noRestorer, ...classicalRestorers, ...networks], broken };
}

/** @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion; ModelError for a model that is broken */
export function restorerNamed(id: string, { restorers, broken = [] }: Registry): RestorerDefinition {
  const found = restorers.find((one) => one.id === id);
  if (found) return found;
  refuseBroken(broken, id);
  const known = restorers.map((one) => one.id);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('--model', id, known));
}
