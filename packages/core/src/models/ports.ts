import { explain, ModelError } from '../errors.js';
import type { Network } from '../network/index.js';
import type { PortMetadata } from '../network/protocol.js';
import type { GraphManifest, Port } from './manifest.js';

const shapeText = (shape: readonly (number | string)[] | undefined) => `[${(shape ?? []).join(', ')}]`;

/** Fixed sides must agree; a side that is free in either may be anything. */
const shapesAgree = (a: Port['shape'], b: readonly (number | string)[]) =>
  a.length === b.length && a.every((x, i) => typeof x === 'string' || typeof b[i] === 'string' || x === b[i]);

function checkPort(id: string, kind: 'input' | 'output', port: Port, metadata: readonly PortMetadata[]): void {
  const found = metadata.find((m) => m.name === port.name);
  const names = metadata.map((m) => m.name).join(', ');
  if (!found)
    throw new ModelError(
      explain({ name: `${id} ${kind}`, expected: `a port named ${port.name}`, got: names || 'none' }),
    );
  if (found.type !== port.dtype)
    throw new ModelError(
      explain({ name: `${id} ${kind} ${port.name}`, expected: port.dtype, got: String(found.type) }),
    );
  if (!shapesAgree(port.shape, found.shape ?? []))
    throw new ModelError(
      explain({
        name: `${id} ${kind} ${port.name}`,
        expected: `shape ${shapeText(port.shape)}`,
        got: shapeText(found.shape),
      }),
    );
}

/** The picture ports of a manifest, and the names of its other outputs. */
function portsOf(manifest: GraphManifest): {
  inputs: readonly Port[];
  outputs: readonly Port[];
  named: readonly string[];
} {
  switch (manifest.kind) {
    case 'restorer':
      return { inputs: [manifest.input], outputs: [manifest.output], named: [] };
    case 'distance': {
      const { reference, image, distance, map } = manifest;
      return { inputs: [reference, image], outputs: [], named: [distance.name, ...(map ? [map.name] : [])] };
    }
    case 'encoder': {
      const { input, embedding, tokens } = manifest;
      return { inputs: [input], outputs: [], named: [embedding.name, ...(tokens ? [tokens.name] : [])] };
    }
    case 'quality':
      return { inputs: [manifest.input], outputs: [], named: [manifest.quality.name] };
  }
}

/** Manifest against session: names, types and shapes of the ports. @throws ModelError */
export function checkPorts(manifest: GraphManifest, network: Network): void {
  const { inputs, outputs, named } = portsOf(manifest);
  for (const port of inputs) checkPort(manifest.id, 'input', port, network.inputs);
  for (const port of outputs) checkPort(manifest.id, 'output', port, network.outputs);
  const has = network.outputs.map(({ name }) => name);
  for (const name of named)
    if (!has.includes(name)) {
      const told = { name: `${manifest.id} output`, expected: `a port named ${name}`, got: has.join(', ') || 'none' };
      throw new ModelError(explain(told));
    }
  const others = network.inputs.filter((i) => !inputs.some(({ name }) => name === i.name));
  if (others.length > 0)
    throw new ModelError(
      explain({ name: manifest.id, expected: 'no further input', got: others.map((o) => o.name).join(', ') }),
    );
}
