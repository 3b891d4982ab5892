import { explain, ModelError } from '../errors.js';
import { notFinite } from '../finite.js';
import type { Network } from '../network/index.js';
import type { PortMetadata, Tensor } from '../network/protocol.js';

/** A graph with one picture input and one picture output, and how to feed it: what running it needs. */
export interface Subject {
  readonly network: Network;
  readonly input: { readonly name: string };
  readonly output: { readonly name: string };
  readonly channels: number;
  /** Values of black and white at the input. */
  readonly range: readonly [number, number];
}

/** The same with what was learned from a first pass. */
export interface Pictures extends Subject {
  readonly input: PortMetadata;
  readonly output: PortMetadata;
  readonly outputChannels: number;
  /** Output side / input side. */
  readonly scale: number;
}

const refuse = (name: string, expected: string, got: string, fix?: string) =>
  new ModelError(explain({ name, expected, got, fix }));

/** A made-up picture, always the same: waves, an edge and grain. */
export function testPicture(
  channels: number,
  width: number,
  height: number,
  [low, high]: readonly [number, number],
): Float32Array {
  const data = new Float32Array(channels * width * height);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const wave = 0.5 + 0.2 * Math.sin(x / 5 + c) + 0.15 * Math.cos(y / 7) + (x > width / 2 ? 0.1 : 0);
        const grain = (((x * 73 + y * 151 + c * 211) % 17) - 8) / 400;
        data[(c * height + y) * width + x] = low + (high - low) * (wave + grain);
      }
  return data;
}

/** One pass. @throws ModelError where the graph fails or the output is no picture of finite numbers */
export async function pass(
  { network, input, output, channels }: Subject,
  data: Float32Array,
  width: number,
  height: number,
  signal?: AbortSignal,
): Promise<Tensor> {
  const feed: Tensor = { type: 'float32', data, dims: [1, channels, height, width] };
  const outputs = await network.run({ [input.name]: feed }, signal ? { signal } : {});
  const result = outputs[output.name];
  if (!result || !(result.data instanceof Float32Array) || result.dims.length !== 4 || result.dims[0] !== 1) {
    const got = result ? `${result.type} [${result.dims.join(', ')}]` : 'nothing';
    throw refuse(network.name, `a float32 picture [1, C, H, W] from ${output.name}`, got);
  }
  if (notFinite(result.data) !== undefined)
    throw refuse(network.name, 'finite numbers', 'NaN or infinity on a test picture');
  return result;
}

const passOver = (subject: Subject, width: number, height: number, signal?: AbortSignal) =>
  pass(subject, testPicture(subject.channels, width, height, subject.range), width, height, signal);

/** The only port of its kind, if it is one that pictures of any size go through. */
function picturePort(ports: readonly PortMetadata[], kind: string, name: string): PortMetadata {
  const [port] = ports;
  if (ports.length !== 1 || !port?.isTensor || port.type !== 'float32' || port.shape?.length !== 4) {
    const got = ports.map((p) => `${p.name}: ${p.type} [${(p.shape ?? []).join(', ')}]`).join('; ') || 'none';
    throw refuse(`${name} ${kind}`, 'one float32 tensor [N, C, H, W]', got);
  }
  return port;
}

function channelsOf({ shape = [] }: PortMetadata, name: string): readonly number[] {
  const [batch, channels, ...sides] = shape;
  if (typeof batch === 'number' && batch !== 1) throw refuse(name, 'a batch of 1 or free', `${batch}`);
  if (sides.some((s) => typeof s === 'number')) {
    const fix = 'Export the graph with free height and width';
    throw refuse(name, 'free height and width', `a fixed [${shape.join(', ')}]`, fix);
  }
  if (typeof channels !== 'number') return [3, 1]; // free: pictures have three
  if (channels === 1 || channels === 3) return [channels];
  throw refuse(name, '1 or 3 channels', `${channels}`);
}

const PROBE = 64;

/** Ports, channels and scale of a graph, from its metadata and one pass. @throws ModelError where it is no restorer */
export async function describePictures(
  network: Network,
  range: readonly [number, number],
  multiple = PROBE,
  signal?: AbortSignal,
): Promise<Pictures> {
  const input = picturePort(network.inputs, 'input', network.name);
  const output = picturePort(network.outputs, 'output', network.name);
  const side = Math.ceil(PROBE / multiple) * multiple;
  let failure: unknown;
  for (const channels of channelsOf(input, `${network.name} input`)) {
    const subject = { network, input, output, channels, range };
    try {
      const { dims } = await passOver(subject, side, side, signal);
      return { ...subject, ...outputOf(network.name, dims, side) };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

function outputOf(name: string, dims: readonly number[], side: number): { outputChannels: number; scale: number } {
  const [, channels = 0, height = 0, width = 0] = dims;
  const scale = width / side;
  const isPicture = (channels === 1 || channels === 3) && height === width;
  if (isPicture && scale >= 1 && scale <= 16) return { outputChannels: channels, scale };
  const got = `[${dims.join(', ')}] for one of ${side}x${side}`;
  throw refuse(name, 'a picture of 1 or 3 channels, 1 to 16 times as large as the input', got);
}

/** Does the graph take this size, and return it times the scale? */
async function takes(subject: Pictures, width: number, height: number, signal?: AbortSignal): Promise<boolean> {
  try {
    const { dims } = await passOver(subject, width, height, signal);
    return dims[2] === height * subject.scale && dims[3] === width * subject.scale;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/** The smallest of 1, 2, 4 .. 64 of which sides have to be multiples. @throws ModelError where even 64 fails */
export async function findMultiple(subject: Pictures, signal?: AbortSignal): Promise<number> {
  for (const multiple of [1, 2, 4, 8, 16, 32, 64]) {
    const [a, b] = [64 + multiple, 64 + 3 * multiple];
    if ((await takes(subject, a, b, signal)) && (await takes(subject, b, a, signal))) return multiple;
  }
  const fix = 'Give --multiple, or export the graph with free height and width';
  throw refuse(subject.network.name, 'a graph that takes pictures of several sizes', 'one that refuses them', fix);
}

const SIDE = 192;
const SPOT = 4;
const FELT = 1 / 2048;

/** The made-up picture with a 4x4 spot in the middle inverted. */
export function spottedPicture(channels: number, side: number, [low, high]: readonly [number, number]): Float32Array {
  const data = testPicture(channels, side, side, [low, high]);
  const from = Math.floor((side - SPOT) / 2);
  for (let c = 0; c < channels; c++)
    for (let y = from; y < from + SPOT; y++)
      for (let x = from; x < from + SPOT; x++) {
        const i = (c * side + y) * side + x;
        data[i] = data[i]! > (low + high) / 2 ? low : high;
      }
  return data;
}

/**
 * How far from the middle, in pixels of a picture, two outputs of `out` samples a side differ by more than 1/2048 of where they differ most; 16
 * or more, in steps of 8. An effective reach, not the theoretical one.
 */
export function reachOf(a: Float32Array, b: Float32Array, out: number, pixelsPerSample: number): number {
  const moved = a.map((value, i) => Math.abs(value - b[i]!));
  const felt = FELT * moved.reduce((most, value) => Math.max(most, value), 0);
  const middle = (out * pixelsPerSample) / 2;
  let reach = 0;
  for (let i = 0; i < moved.length; i++) {
    if (moved[i]! <= felt) continue;
    const x = (i % out) * pixelsPerSample;
    const y = (Math.floor(i / out) % out) * pixelsPerSample;
    reach = Math.max(reach, Math.abs(x - middle), Math.abs(y - middle));
  }
  return Math.max(16, 8 * Math.ceil(reach / 8));
}

/** The side of pictures by which a reach is measured. */
export const reachSide = (multiple: number): number => Math.ceil(SIDE / multiple) * multiple;

/** How far, in input pixels, a change is felt: a spot in the middle is inverted, and what moves is looked for; 16 to 96. */
export async function measureReach(subject: Pictures, multiple: number, signal?: AbortSignal): Promise<number> {
  const { channels, range, scale } = subject;
  const side = reachSide(multiple);
  const a = await pass(subject, testPicture(channels, side, side, range), side, side, signal);
  const b = await pass(subject, spottedPicture(channels, side, range), side, side, signal);
  return reachOf(a.data as Float32Array, b.data as Float32Array, side * scale, 1 / scale);
}
