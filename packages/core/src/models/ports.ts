import { explain, ModelError } from '../errors.js';
import type { Network } from '../network/index.js';
import type { PortMetadata } from '../network/protocol.js';
import type { Port, RestorerManifest } from './manifest.js';

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

/** Manifest against session: names, types and shapes of the ports. @throws ModelError */
export function checkPorts(manifest: RestorerManifest, network: Network): void {
  checkPort(manifest.id, 'input', manifest.input, network.inputs);
  checkPort(manifest.id, 'output', manifest.output, network.outputs);
  const others = network.inputs.filter((i) => i.name !== manifest.input.name);
  if (others.length > 0)
    throw new ModelError(
      explain({ name: manifest.id, expected: 'no further input', got: others.map((o) => o.name).join(', ') }),
    );
}
