import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { graphParts } from '../models/latent-parts.js';
import type { GraphManifest, Manifest } from '../models/manifest.js';
import { findModel, type InstalledModel } from '../models/store.js';
import { readOnnx } from '../network/index.js';
import type { Parameters } from './schema.js';

/** A graph of a model, where it stands and the part it plays. */
interface Place {
  readonly part: string;
  readonly folder: string;
  readonly graph: GraphManifest['graph'];
}

/** Every graph that a model runs, an initial restoration that is a model of its own among them. */
async function placesOf({ manifest, folder }: InstalledModel): Promise<Place[]> {
  if (!('parts' in manifest)) return [{ part: 'network', folder, graph: manifest.graph }];
  const own = graphParts(manifest).map(({ name, graph }) => ({ part: name, folder, graph }));
  const initial = initialModel(manifest);
  if (initial === undefined) return own;
  return [...(await placesOf(await findModel(initial))).map((place) => ({ ...place, part: 'initial' })), ...own];
}

/** The id of the model that is another one's initial restoration. */
function initialModel(manifest: Manifest): string | undefined {
  if (!('parts' in manifest) || !('initial' in manifest.parts)) return undefined;
  const { initial } = manifest.parts;
  return initial?.kind === 'model' ? initial.id : undefined;
}

/**
 * Parameters by part, counted in the ONNX files themselves: elements of floating-point initialisers of rank 1 and more, whatever their precision.
 * A graph that plays several parts counts once. @throws ModelError for a file that is no graph
 */
export async function parametersOf(model: InstalledModel): Promise<Parameters> {
  const parts: Parameters['parts'][number][] = [];
  for (const { part, folder, graph } of await placesOf(model)) {
    const { file, sha256, bytes } = graph;
    const twin = parts.find((one) => one.sha256 === sha256);
    const { weights, allInitializers } = readOnnx(await readFile(join(folder, file)), join(folder, file));
    parts.push({ part, weights, allInitializers, bytes, sha256, ...(twin ? { sameAs: twin.part } : {}) });
  }
  const sum = (key: 'weights' | 'allInitializers' | 'bytes') =>
    parts.reduce((all, one) => all + (one.sameAs === undefined ? one[key] : 0), 0);
  return { weights: sum('weights'), allInitializers: sum('allInitializers'), bytes: sum('bytes'), parts };
}

/** The part that a network plays in a model, by the name that it was opened with. */
export function partOf(network: string, manifest: Manifest | undefined): string {
  if (!manifest) return network;
  const { id } = manifest;
  if (network === id) return 'network';
  if (network === `${id}-initial` || network === initialModel(manifest)) return 'initial';
  return network.startsWith(`${id} `) ? network.slice(id.length + 1) : network;
}
