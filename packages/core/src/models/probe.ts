import { explain, ModelError } from '../errors.js';
import type { Network } from '../network/index.js';
import type { Tensor } from '../network/protocol.js';

/** Runs a graph with one picture input and one picture output on made-up pictures, to learn what its metadata does not say. */
export interface Subject {
  readonly network: Network;
  readonly input: string;
  readonly output: string;
  readonly channels: number;
  readonly range: readonly [number, number];
}

/** A picture from integers alone: waves, an edge and grain. */
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
  subject: Subject,
  data: Float32Array,
  width: number,
  height: number,
  signal?: AbortSignal,
): Promise<Tensor> {
  const feed: Tensor = { type: 'float32', data, dims: [1, subject.channels, height, width] };
  const outputs = await subject.network.run({ [subject.input]: feed }, signal ? { signal } : {});
  const output = outputs[subject.output];
  if (!output || !(output.data instanceof Float32Array) || output.dims.length !== 4 || output.dims[0] !== 1) {
    const got = output ? `${output.type} [${output.dims.join(', ')}]` : 'nothing';
    throw new ModelError(
      explain({ name: subject.network.name, expected: `a float32 picture [1, C, H, W] from ${subject.output}`, got }),
    );
  }
  if (!output.data.every(Number.isFinite))
    throw new ModelError(
      explain({ name: subject.network.name, expected: 'finite numbers', got: 'NaN or infinity on a test picture' }),
    );
  return output;
}

/** Does the graph take this size, and return it times `scale`? */
async function takes(
  subject: Subject,
  width: number,
  height: number,
  scale: number,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const { dims } = await pass(
      subject,
      testPicture(subject.channels, width, height, subject.range),
      width,
      height,
      signal,
    );
    return dims[2] === height * scale && dims[3] === width * scale;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/** The smallest of 1, 2, 4 .. 64 of which sides have to be multiples. @throws ModelError where even 64 fails */
export async function findMultiple(subject: Subject, scale: number, signal?: AbortSignal): Promise<number> {
  for (const multiple of [1, 2, 4, 8, 16, 32, 64]) {
    const [a, b] = [64 + multiple, 64 + 3 * multiple];
    if ((await takes(subject, a, b, scale, signal)) && (await takes(subject, b, a, scale, signal))) return multiple;
  }
  const fix = 'Give --multiple, or export the graph with free height and width';
  throw new ModelError(
    explain({
      name: subject.network.name,
      expected: 'a graph that takes pictures of several sizes',
      got: 'one that refuses them',
      fix,
    }),
  );
}

const SIDE = 192;
const SPOT = 4;
const FELT = 1 / 2048;

/**
 * How far, in input pixels, a change is felt: a 4x4 spot in the middle is inverted, and the farthest output sample that moves by more than
 * 1/2048 of the range is found. An effective reach, not the theoretical one; at least 16.
 */
export async function measureReach(
  subject: Subject,
  scale: number,
  multiple: number,
  signal?: AbortSignal,
): Promise<number> {
  const side = Math.ceil(SIDE / multiple) * multiple;
  const plain = testPicture(subject.channels, side, side, subject.range);
  const spotted = plain.slice();
  const [low, high] = subject.range;
  const from = side / 2 - SPOT / 2;
  for (let c = 0; c < subject.channels; c++)
    for (let y = from; y < from + SPOT; y++)
      for (let x = from; x < from + SPOT; x++) {
        const i = (c * side + y) * side + x;
        spotted[i] = spotted[i]! > (low + high) / 2 ? low : high;
      }
  const a = (await pass(subject, plain, side, side, signal)).data as Float32Array;
  const b = (await pass(subject, spotted, side, side, signal)).data as Float32Array;
  const out = side * scale;
  let reach = 0;
  for (let i = 0; i < a.length; i++) {
    if (Math.abs(a[i]! - b[i]!) <= FELT * (high - low)) continue;
    const x = (i % out) / scale;
    const y = (Math.floor(i / out) % out) / scale;
    reach = Math.max(reach, Math.abs(x - side / 2), Math.abs(y - side / 2));
  }
  return Math.max(16, 8 * Math.ceil(reach / 8));
}
