import { ModelError } from '../../errors.js';
import type { GraphManifest } from '../../models/manifest.js';
import { verifiedGraphFile } from '../../models/store.js';
import { Network, type NetworkOptions } from '../../network/index.js';
import { checkPart, type StatedPort } from './check.js';

/** A part of a model with what its manifest states of it. */
export interface StatedGraph {
  readonly name: string;
  readonly graph: GraphManifest['graph'];
  readonly ports: readonly [inputs: StatedPort[], outputs: StatedPort[]];
}

/** Ports of a manifest, those that are there, float32 where it says nothing. */
export const stated = (
  ...ports: readonly ((Omit<StatedPort, 'dtype'> & { readonly dtype?: string }) | undefined)[]
): StatedPort[] => ports.flatMap((port) => (port ? [{ ...port, dtype: port.dtype ?? 'float32' }] : []));

/** Opens graphs of one folder, all or none, by their names. @throws ModelError for a hash, a file or a port; EnvironmentError `IR_E_PROVIDER` */
export async function openGraphs(
  id: string,
  folder: string,
  graphs: readonly StatedGraph[],
  options: NetworkOptions,
): Promise<Map<string, Network>> {
  // Hashes first: no graph is read by onnxruntime before all are what the manifest answers for.
  const paths = new Map<string, string>();
  for (const { name, graph } of graphs) {
    const path = await verifiedGraphFile(folder, graph, options.signal).catch((error: unknown) => {
      throw error instanceof ModelError ? new ModelError(`${id} parts.${name}: ${error.message}`) : error;
    });
    paths.set(name, path);
  }
  const open = new Map<string, Network>();
  const outcomes = await Promise.allSettled(
    graphs.map(async ({ name, ports }) => {
      const network = await Network.open(`${id} ${name}`, paths.get(name)!, options);
      open.set(name, network);
      checkPart(id, name, network, ...ports);
    }),
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failure) return open;
  await Promise.all([...open.values()].map((network) => network.dispose()));
  throw failure.reason;
}
