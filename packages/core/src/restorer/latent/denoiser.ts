import type { SamplerStep } from '../../diffusion/plan.js';
import type { DenoiserFunction, ModelOutput } from '../../diffusion/sample.js';
import { roundHalfEven } from '../../diffusion/spacing.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { Feeds, Tensor } from '../../network/protocol.js';
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

/** What control graph and denoiser may both be fed. */
type CommonPorts = Omit<Ports, 'controls' | 'controlScale'>;

/** Feeds of the ports that control graph and denoiser have in common; what the denoiser is told about the whole picture stays the same. */
function commonFeeds(ports: CommonPorts, z: Grid, t: number, { text, condition }: Told, whole: boolean) {
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

/** The control graph's tensors for each side as the denoiser's, multiplied by the strength unless the denoiser takes that itself. */
async function controlFeeds(
  { manifest, parts, signal }: DenoiserOptions,
  strength: number,
  feedsFor: (ports: CommonPorts) => readonly Feeds[],
): Promise<readonly Feeds[] | undefined> {
  const { control, denoiser } = manifest.parts;
  const { controls, controlScale } = denoiser.inputs;
  if (!control || !controls) return undefined;
  const sides = await parts.network('control').runAll(feedsFor(control.inputs), { signal });
  const factor = controlScale ? 1 : strength;
  return sides.map((outputs) =>
    Object.fromEntries(controls.map(({ name }, i) => [name, times(outputs[control.outputs[i]!.name]!, factor)])),
  );
}

/** The strength as the denoiser takes it, where it does. */
function scaleFeed({ controlScale }: Ports, strength: number): Feeds {
  if (!controlScale) return {};
  const dims = controlScale.shape.length === 0 ? [] : [1];
  return { [controlScale.name]: { type: 'float32', data: Float32Array.of(strength), dims } };
}

/** Memory for the outputs of each side, one evaluation's after the other's. */
function outputMemory() {
  const held: Float32Array[] = [];
  return (side: number, length: number): Float32Array => {
    if (held[side]?.length !== length) held[side] = new Float32Array(length);
    return held[side];
  };
}

type OutputMemory = ReturnType<typeof outputMemory>;

/** One evaluation of each side over one window, all asked for at once; the outputs lie in `memory`. */
async function evaluate(
  options: DenoiserOptions,
  memory: OutputMemory,
  z: Grid,
  step: SamplerStep,
  sides: readonly Told[],
): Promise<Grid[]> {
  const { manifest, parts, signal } = options;
  const { inputs, output } = manifest.parts.denoiser;
  const strength = options.strength(step);
  const whole = options.windows.windows.length === 1;
  const feedsFor = (ports: CommonPorts) => sides.map((told) => commonFeeds(ports, z, step.t, told, whole));
  const controls = await controlFeeds(options, strength, feedsFor);
  const scale = scaleFeed(inputs, strength);
  const passes = feedsFor(inputs).map((feeds, side) => ({ ...feeds, ...controls?.[side], ...scale }));
  const into = sides.map((_, side) => ({ [output.name]: memory(side, z.data.length) }));
  const network = parts.network('denoiser');
  const outputs = await network.runAll(passes, { into, signal });
  const name = `${network.name} ${output.name} at time ${step.t}`;
  return outputs.map((one) => fromGridTensor(one[output.name], name, z));
}

/** For each side the mean of all windows' outputs, weighted; of a single window the output itself. */
async function overWindows(
  options: DenoiserOptions,
  memory: OutputMemory,
  z: Grid,
  step: SamplerStep,
  sides: readonly Told[],
): Promise<Float32Array[]> {
  const { windows, total } = options.windows;
  if (windows.length === 1) return (await evaluate(options, memory, z, step, sides)).map(({ data }) => data);
  const sums = sides.map(() => emptyGrid(z.channels, z.width, z.height));
  for (const window of windows) {
    const inside = sides.map((told) => inWindow(told, window));
    const parts = await evaluate(options, memory, cropGrid(z, window), step, inside);
    for (const [side, part] of parts.entries()) addWeighted(sums[side]!, part, window, window.weights);
  }
  const n = z.width * z.height;
  for (const { data } of sums) for (let i = 0; i < data.length; i++) data[i]! /= total[i % n]!;
  return sums.map(({ data }) => data);
}

const inWindow = (told: Told, window: Window): Told => ({ ...told, condition: cropGrid(told.condition, window) });

/** eps_theta (or v, x0) of a model as the sampler asks for it: control graph, windows, both sides of guidance (Eq. 9). */
export function denoiserOf(options: DenoiserOptions): DenoiserFunction {
  const { conditional, unconditional, guidance } = options;
  const shape = conditional.condition;
  const memory = outputMemory();
  return async (input, step): Promise<ModelOutput> => {
    const sides = unconditional && guidance(step) !== 1 ? [conditional, unconditional] : [conditional];
    const [first, second] = await overWindows(options, memory, { ...shape, data: input }, step, sides);
    return second ? { conditional: first!, unconditional: second } : first!;
  };
}
