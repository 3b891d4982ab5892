import { explain, ModelError } from '../errors.js';
import type { Image } from '../image/contract.js';
import type { Network } from '../network/index.js';
import type { Tensor } from '../network/protocol.js';
import { toTensor } from '../restorer/direct/port.js';
import type { DistanceManifest, EncoderManifest, Port, QualityManifest } from './manifest.js';

/** What an encoder says of a picture. */
export interface Embedding {
  readonly embedding: Float32Array;
  /** Token t of square (t % columns, floor(t / columns)) is tokens[t * size ..]; absent where the encoder gives none. */
  readonly tokens?: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Numbers of a token. */
  readonly size: number;
}

interface Call {
  readonly signal?: AbortSignal;
}

/** An output of numbers with the dimensions expected; -1 stands for any. @throws ModelError */
function numbers(name: string, output: Tensor | undefined, dims: readonly number[]): Float32Array {
  const fits =
    output?.data instanceof Float32Array &&
    output.dims.length === dims.length &&
    dims.every((d, i) => d === -1 || d === output.dims[i]);
  if (!fits) {
    const expected = `float32 [${dims.map((d) => (d === -1 ? 'n' : d)).join(', ')}]`;
    throw new ModelError(
      explain({ name, expected, got: output ? `${output.type} [${output.dims.join(', ')}]` : 'nothing' }),
    );
  }
  return output.data as Float32Array;
}

/** The one number of an output of any rank. @throws ModelError */
function single(name: string, output: Tensor | undefined): number {
  return numbers(
    name,
    output,
    (output?.dims ?? []).map(() => 1),
  )[0]!;
}

const run = (network: Network, pictures: readonly (readonly [Port, Image])[], { signal }: Call) =>
  network.run(
    Object.fromEntries(pictures.map(([port, image]) => [port.name, toTensor(image, port, image.width, image.height)])),
    signal ? { signal } : {},
  );

/** The distance of two pictures of one size, and its map where the graph gives one. Not-finite numbers are passed on. @throws ModelError */
export async function measureDistance(
  network: Network,
  { id, reference, image, distance, map }: DistanceManifest,
  [first, second]: readonly [Image, Image],
  call: Call = {},
): Promise<{ readonly value: number; readonly map?: Tensor }> {
  const outputs = await run(
    network,
    [
      [reference, first],
      [image, second],
    ],
    call,
  );
  const value = single(`${id} output ${distance.name}`, outputs[distance.name]);
  const drawn = map && outputs[map.name];
  return drawn ? { value, map: drawn } : { value };
}

/** A picture's quality. @throws ModelError */
export async function measureQuality(
  network: Network,
  { id, input, quality }: QualityManifest,
  image: Image,
  call: Call = {},
): Promise<number> {
  const outputs = await run(network, [[input, image]], call);
  return single(`${id} output ${quality.name}`, outputs[quality.name]);
}

/** A picture, sides multiples of the encoder's, as numbers. @throws ModelError where tokens do not tile the picture */
export async function embed(
  network: Network,
  { id, input, embedding, tokens, multiple }: EncoderManifest,
  image: Image,
  call: Call = {},
): Promise<Embedding> {
  const outputs = await run(network, [[input, image]], call);
  const vector = numbers(`${id} output ${embedding.name}`, outputs[embedding.name], [1, -1]);
  const [columns, rows] = [image.width / multiple, image.height / multiple];
  if (!tokens) return { embedding: vector, columns, rows, size: 0 };
  const patches = numbers(`${id} output ${tokens.name}`, outputs[tokens.name], [1, columns * rows, -1]);
  return { embedding: vector, tokens: patches, columns, rows, size: patches.length / (columns * rows) };
}
