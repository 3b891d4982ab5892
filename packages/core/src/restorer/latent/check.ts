import { explain, ModelError } from '../../errors.js';
import type { Network } from '../../network/index.js';
import type { PortMetadata } from '../../network/protocol.js';

/** A port as the manifest has it. */
export interface StatedPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: string;
}

const shapeText = (shape: readonly (number | string)[]) => `[${shape.join(', ')}]`;

const agrees = (stated: readonly (number | string)[], found: readonly (number | string)[]) =>
  stated.length === found.length &&
  stated.every((side, i) => typeof side === 'string' || typeof found[i] === 'string' || side === found[i]);

const mend = (part: string) =>
  `Correct parts.${part} of the manifest, or export the graph with the port that it states`;

function checkPort(
  part: string,
  id: string,
  kind: 'input' | 'output',
  port: StatedPort,
  has: readonly PortMetadata[],
): void {
  const name = `${id} ${part} ${kind}`;
  const found = has.find((one) => one.name === port.name);
  const refuse = (expected: string, got: string) => new ModelError(explain({ name, expected, got, fix: mend(part) }));
  if (!found) throw refuse(`a port named ${port.name}`, has.map((one) => one.name).join(', ') || 'none');
  const shape = found.shape ?? [];
  if (found.type !== port.dtype || !agrees(port.shape, shape))
    throw refuse(`${port.name}: ${port.dtype} ${shapeText(port.shape)}`, `${found.type} ${shapeText(shape)}`);
}

/**
 * What the manifest states of a part against what its graph says: every stated port there, of its type and shape, and no input that nothing is
 * known of. Fixed sides must agree; a side that is free in either may be anything.
 * @throws ModelError naming model, part and port, and the mend
 */
export function checkPart(
  id: string,
  part: string,
  network: Pick<Network, 'inputs' | 'outputs'>,
  inputs: readonly StatedPort[],
  outputs: readonly StatedPort[],
): void {
  for (const port of inputs) checkPort(part, id, 'input', port, network.inputs);
  for (const port of outputs) checkPort(part, id, 'output', port, network.outputs);
  const others = network.inputs.filter(({ name }) => !inputs.some((port) => port.name === name));
  if (others.length === 0) return;
  const got = others.map(({ name }) => name).join(', ');
  throw new ModelError(explain({ name: `${id} ${part}`, expected: 'no further input', got, fix: mend(part) }));
}

/**
 * What the control graph gives against what the denoiser takes at the same place: their fixed sides agree, and no tensor stands at another
 * place than the port of its name. Sides that are free in either graph show only when they run.
 * @throws ModelError naming model, port and the mend
 */
export function checkControls(
  id: string,
  outputs: readonly Pick<StatedPort, 'name'>[],
  inputs: readonly Pick<StatedPort, 'name'>[],
  graphs: { readonly control: Pick<Network, 'outputs'>; readonly denoiser: Pick<Network, 'inputs'> },
): void {
  const shapeOf = (ports: readonly PortMetadata[], name: string) => ports.find((one) => one.name === name)?.shape ?? [];
  const names = new Set(outputs.map(({ name }) => name));
  const byName = inputs.every(({ name }) => names.has(name)); // else names tell nothing of which goes where
  for (const [i, { name }] of inputs.entries()) {
    const given = outputs[i]!.name;
    const [takes, gives] = [shapeOf(graphs.denoiser.inputs, name), shapeOf(graphs.control.outputs, given)];
    const misnamed = byName && given !== name;
    if (!misnamed && agrees(takes, gives)) continue;
    const expected = misnamed ? 'the control tensor of its name' : `a control tensor ${shapeText(takes)}`;
    const got = `${given} ${shapeText(gives)}`;
    const fix = 'List parts.denoiser.inputs.controls in the order of parts.control.outputs';
    throw new ModelError(explain({ name: `${id} denoiser input ${name}`, expected, got, fix }));
  }
}
