import type { AutoencoderManifest, GraphManifest, LatentManifest, Manifest } from './manifest.js';

/** A graph of a model of several, by the place where the manifest has it. */
export interface GraphPart {
  /** `denoiser`, `text.encoders.0`. */
  readonly name: string;
  readonly graph: GraphManifest['graph'];
  readonly parameters: GraphManifest['parameters'];
}

/**
 * Every graph of a model of several, in the order of a run. An initial restoration that is a model of its own is not among them.
 */
export function graphParts(manifest: LatentManifest | AutoencoderManifest): GraphPart[] {
  if (manifest.kind === 'autoencoder') {
    const { encoder, decoder } = manifest.parts;
    return Object.entries({ encoder, decoder }).map(([name, { graph, parameters }]) => ({ name, graph, parameters }));
  }
  const { parts } = manifest;
  const { initial, conditionEncoder, encoder, captioner, text, control, denoiser, decoder } = parts;
  const found: GraphPart[] = [];
  const add = (name: string, part: Omit<GraphPart, 'name'> | undefined) => {
    if (part) found.push({ name, graph: part.graph, parameters: part.parameters });
  };
  add('initial', initial.kind === 'graph' ? initial : undefined);
  add('conditionEncoder', conditionEncoder);
  add('encoder', encoder);
  add('captioner', captioner?.kind === 'tags' ? captioner : undefined);
  if (text?.kind === 'encoders') for (const [i, one] of text.encoders.entries()) add(`text.encoders.${i}`, one);
  add('control', control);
  add('denoiser', denoiser);
  add('decoder', decoder);
  return found;
}

/** Parameters as papers count them, over all parts of a model. */
export function weightsOf(manifest: Manifest): number {
  const all = 'parts' in manifest ? graphParts(manifest) : [manifest];
  return all.reduce((sum, { parameters }) => sum + parameters.weights, 0);
}
