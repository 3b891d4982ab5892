import { checkPorts, type InstalledModel, type MetricManifest, Network, verifiedGraph } from '@ir/core';

/** Threads of a session: one, so that numbers do not depend on the machine's cores. */
const THREADS = 1;

const open = new Map<string, Promise<Network>>();

const keyOf = ({ folder, manifest }: InstalledModel<MetricManifest>) => `${folder}\n${manifest.graph.sha256}`;

async function start(model: InstalledModel<MetricManifest>): Promise<Network> {
  const { manifest } = model;
  const network = await Network.open(manifest.id, await verifiedGraph(model), { threads: THREADS });
  try {
    checkPorts(manifest, network);
    return network;
  } catch (error) {
    await network.dispose();
    throw error;
  }
}

/** The running network of a model, hash and ports checked; metrics that look through one model share it. */
export function networkOf(model: InstalledModel<MetricManifest>): Promise<Network> {
  const key = keyOf(model);
  const found = open.get(key);
  if (found) return found;
  const started = start(model);
  open.set(key, started);
  started.catch(() => open.delete(key)); // the next call tries again
  return started;
}

/** Ends a model's network, if it runs; the next use starts it again. */
export async function closeNetwork(model: InstalledModel<MetricManifest>): Promise<void> {
  const key = keyOf(model);
  const found = open.get(key);
  open.delete(key);
  await found?.then(
    (network) => network.dispose(),
    () => {},
  );
}

/** How a model stands in an identity: its id and the beginning of its graph's SHA-256. */
export const modelWord = (model: InstalledModel<MetricManifest> | undefined): string =>
  model ? `${model.manifest.id}@${model.manifest.graph.sha256.slice(0, 16)}` : 'missing';
