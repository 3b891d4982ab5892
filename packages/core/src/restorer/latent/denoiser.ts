import type { SamplerStep } from '../../diffusion/plan.js';
import type { DenoiserFunction, ModelOutput } from '../../diffusion/sample.js';
import { roundHalfEven } from '../../diffusion/spacing.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { Tensor } from '../../network/protocol.js';
import { addWeighted, cropGrid, emptyGrid, fromGridTensor, type Grid, toGridTensor } from './grid.js';
import type { Conditioning, OpenParts } from './open-parts.js';
import type { Window, Windows } from './windows.js';

/** What the denoiser is told besides z and t. */
export interface Told {
  readonly text: Conditioning;
  /** c_f (Eq. 7). */
  readonly condition: Grid;
}

export interface DenoiserOptions {
  readonly manifest: LatentManifest;
  readonly parts: OpenParts;
  readonly conditional: Told;
  /** What guidance leads away from; absent: no guidance. */
  readonly unconditional?: Told;
  /** Weight of guidance at a step: at 1 the unconditional side is not asked for. */
  readonly guidance: (step: SamplerStep) => number;
  /** Strength of the condition at a step. */
  readonly strength: (step: SamplerStep) => number;
  readonly windows: Windows;
  readonly signal?: AbortSignal;
}

type Ports = LatentManifest['parts']['denoiser']['inputs'];

function timeTensor(port: Ports['time'], t: number): Tensor {
  if (port.dtype === 'float32') return { type: 'float32', data: Float32Array.of(t), dims: [1] };
  return { type: 'int64', data: BigInt64Array.of(BigInt(roundHalfEven(t))), dims: [1] };
}

/** Feeds of the ports that control graph and denoiser have in common; what the denoiser is told about the whole picture stays the same. */
function commonFeeds(
  ports: Omit<Ports, 'controls' | 'controlScale'>,
  z: Grid,
  t: number,
  { text, condition }: Told,
  whole: boolean,
) {
  const feeds: Record<string, Tensor> = {
    [ports.latent.name]: toGridTensor(z),
    [ports.time.name]: timeTensor(ports.time, t),
  };
  if (ports.condition) feeds[ports.condition.name] = { ...toGridTensor(condition), constant: whole };
  if (ports.context && text.context) feeds[ports.context.name] = { ...text.context, constant: true };
  if (ports.vector && text.vector) feeds[ports.vector.name] = { ...text.vector, constant: true };
  return feeds;
}

const times = (tensor: Tensor, factor: number): Tensor =>
  factor === 1 ? tensor : { ...tensor, data: (tensor.data as Float32Array).map((v) => v * factor) };

/** The control graph's tensors as the denoiser's, multiplied by the strength unless the denoiser takes that itself. */
async function controlFeeds(
  { manifest, parts, windows, signal }: DenoiserOptions,
  z: Grid,
  t: number,
  told: Told,
  strength: number,
): Promise<Record<string, Tensor>> {
  const { control, denoiser } = manifest.parts;
  if (!control || !denoiser.inputs.controls) return {};
  const outputs = await parts
    .network('control')
    .run(commonFeeds(control.inputs, z, t, told, windows.windows.length === 1), signal ? { signal } : {});
  const factor = denoiser.inputs.controlScale ? 1 : strength;
  return Object.fromEntries(
    denoiser.inputs.controls.map(({ name }, i) => [name, times(outputs[control.outputs[i]!.name]!, factor)]),
  );
}

/** One evaluation over one window. */
async function evaluate(options: DenoiserOptions, z: Grid, step: SamplerStep, told: Told): Promise<Grid> {
  const { manifest, parts, signal } = options;
  const { inputs, output } = manifest.parts.denoiser;
  const strength = options.strength(step);
  const feeds = {
    ...commonFeeds(inputs, z, step.t, told, options.windows.windows.length === 1),
    ...(await controlFeeds(options, z, step.t, told, strength)),
  };
  if (inputs.controlScale)
    feeds[inputs.controlScale.name] = {
      type: 'float32',
      data: Float32Array.of(strength),
      dims: inputs.controlScale.shape.length === 0 ? [] : [1],
    };
  const network = parts.network('denoiser');
  const outputs = await network.run(feeds, signal ? { signal } : {});
  return fromGridTensor(outputs[output.name], `${network.name} ${output.name} at time ${step.t}`, z);
}

/** The mean of all windows' outputs, weighted; a single window is the output itself. */
async function overWindows(options: DenoiserOptions, z: Grid, step: SamplerStep, told: Told): Promise<Float32Array> {
  const { windows, total } = options.windows;
  if (windows.length === 1) return (await evaluate(options, z, step, told)).data;
  const sum = emptyGrid(z.channels, z.width, z.height);
  for (const window of windows) {
    const part = await evaluate(options, cropGrid(z, window), step, inWindow(told, window));
    addWeighted(sum, part, window, window.weights);
  }
  const n = z.width * z.height;
  for (let i = 0; i < sum.data.length; i++) sum.data[i]! /= total[i % n]!;
  return sum.data;
}

const inWindow = (told: Told, window: Window): Told => ({ ...told, condition: cropGrid(told.condition, window) });

/** eps_theta (or v, x0) of a model as the sampler asks for it: control graph, windows, both sides of guidance (Eq. 9). */
export function denoiserOf(options: DenoiserOptions): DenoiserFunction {
  const { conditional, unconditional, guidance } = options;
  const shape = conditional.condition;
  return async (input, step): Promise<ModelOutput> => {
    const z: Grid = { ...shape, data: input };
    const told = await overWindows(options, z, step, conditional);
    if (!unconditional || guidance(step) === 1) return told;
    return { conditional: told, unconditional: await overWindows(options, z, step, unconditional) };
  };
}
