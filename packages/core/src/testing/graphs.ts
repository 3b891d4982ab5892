import { random } from '../image/testing/pictures.js';
import { type GraphSpec, type NodeSpec, onnxBytes, type TensorSpec } from './onnx.js';

/** Small networks for tests: as little as shows what is tested, weights from a generator. */

const picture = (name: string, channels: number | string = 3) => ({ name, shape: ['n', channels, 'h', 'w'] });

/** Weights whose absolute values sum to 1 for each output: what goes in within [-1, 1] comes out within it. */
function weights(name: string, out: number, into: number, kernel: number, seed: number): TensorSpec {
  const next = random(seed);
  const each = into * kernel * kernel;
  const data = Float32Array.from({ length: out * each }, () => next() - 0.3);
  for (let o = 0; o < out; o++) {
    const row = data.subarray(o * each, (o + 1) * each);
    const sum = row.reduce((total, w) => total + Math.abs(w), 0);
    row.forEach((w, i) => {
      row[i] = w / sum;
    });
  }
  return { name, dims: [out, into, kernel, kernel], data };
}

const conv = (from: string, to: string, tensor: string, kernel: number): NodeSpec => ({
  op: 'Conv',
  inputs: [from, tensor],
  outputs: [to],
  attributes: { kernel_shape: [kernel, kernel], pads: Array(4).fill((kernel - 1) / 2) },
});

export interface RestorerGraph {
  /** Output side / input side. */
  readonly scale?: number;
  /** Sides must be multiples of this (space to depth). */
  readonly multiple?: number;
  readonly channels?: 1 | 3;
  /** Convolutions of 3x3: the reach is `depth x multiple` pixels and a little. */
  readonly depth?: number;
}

/** A convolutional network of 3x3 layers on a grid of `multiple` pixels, `scale` times larger at the output. */
export function restorerGraph({ scale = 1, multiple = 1, channels = 3, depth = 2 }: RestorerGraph = {}): Uint8Array {
  const inside = channels * multiple ** 2;
  const outside = channels * (multiple * scale) ** 2;
  const nodes: NodeSpec[] = [];
  let at = 'input';
  const add = (to: string, make: (from: string) => NodeSpec) => {
    nodes.push(make(at));
    at = to;
  };
  const blocks = (op: string, size: number, to: string) => (from: string) => ({
    op,
    inputs: [from],
    outputs: [to],
    attributes: { blocksize: size },
  });
  if (multiple > 1) add('grid', blocks('SpaceToDepth', multiple, 'grid'));
  const tensors: TensorSpec[] = [];
  for (let layer = 0; layer < depth; layer++) {
    const out = layer === depth - 1 ? outside : inside;
    tensors.push(weights(`w${layer}`, out, inside, 3, layer + 1));
    add(`c${layer}`, (from) => conv(from, `c${layer}`, `w${layer}`, 3));
    if (layer < depth - 1)
      add(`r${layer}`, (from) => ({
        op: 'LeakyRelu',
        inputs: [from],
        outputs: [`r${layer}`],
        attributes: { alpha: 0.5 },
      }));
  }
  if (multiple * scale > 1) add('deep', blocks('DepthToSpace', multiple * scale, 'deep'));
  nodes.push({ op: 'Abs', inputs: [at], outputs: ['output'] });
  return onnxBytes({
    inputs: [picture('input', channels)],
    outputs: [{ name: 'output', shape: ['n', channels, 'H', 'W'] }],
    nodes,
    tensors,
  });
}

/** One operator (with constants) between a picture `input` and `output`. */
export function singleOp(
  op: string,
  options: {
    readonly constants?: readonly TensorSpec[];
    readonly attributes?: NodeSpec['attributes'];
    readonly input?: GraphSpec['inputs'][number];
    readonly output?: GraphSpec['inputs'][number];
  } = {},
): Uint8Array {
  const { constants = [], attributes = {}, input = picture('input'), output = picture('output') } = options;
  const inputs = [input.name, ...constants.map((c) => c.name)];
  return onnxBytes({
    inputs: [input],
    outputs: [output],
    nodes: [{ op, inputs, outputs: [output.name], attributes }],
    tensors: constants,
  });
}

export const identityGraph = (): Uint8Array => singleOp('Identity');

/** A quotient of zero and zero at every sample. */
export const notANumberGraph = (): Uint8Array => dividedByNothing('nothing');

/** Infinite wherever the picture is not black. */
export const infinityGraph = (): Uint8Array => dividedByNothing('input');

function dividedByNothing(dividend: 'input' | 'nothing'): Uint8Array {
  const zero: TensorSpec = { name: 'zero', dims: [1], data: Float32Array.of(0) };
  return onnxBytes({
    inputs: [picture('input')],
    outputs: [picture('output')],
    nodes: [
      { op: 'Mul', inputs: ['input', 'zero'], outputs: ['nothing'] },
      { op: 'Div', inputs: [dividend, 'nothing'], outputs: ['output'] },
    ],
    tensors: [zero],
  });
}

/** Many convolutions with the same weights: about `layers` x 0.6 billion multiplications for a picture of 128x128. */
export function slowGraph(layers: number): Uint8Array {
  const nodes = [conv('input', 'c0', 'first', 1)];
  for (let i = 0; i < layers; i++) nodes.push(conv(`c${i}`, `c${i + 1}`, 'middle', 3));
  nodes.push(conv(`c${layers}`, 'output', 'last', 1));
  return onnxBytes({
    inputs: [picture('input')],
    outputs: [picture('output')],
    nodes,
    tensors: [weights('first', 64, 3, 1, 1), weights('middle', 64, 64, 3, 2), weights('last', 3, 64, 1, 3)],
  });
}

export interface AutoencoderGraphs {
  /** Picture side / latent side. */
  readonly factor?: number;
  /** The encoder gives means and, twice as many channels, logarithms of variances. */
  readonly moments?: boolean;
  /** A 3x3 layer in both graphs: what comes back is blurred, and felt `2 factor` pixels afar. Without it the picture comes back as it was. */
  readonly layer?: boolean;
  /** What the decoder's input port says of its channels. */
  readonly stated?: number | string;
}

/** A pair of graphs: space to depth and back. */
export function autoencoderGraphs({ factor = 2, moments = false, layer = false, stated }: AutoencoderGraphs = {}): {
  readonly encoder: Uint8Array;
  readonly decoder: Uint8Array;
} {
  const channels = 3 * factor ** 2;
  const blocks = (op: string, from: string, to: string) => ({
    ...{ op, inputs: [from], outputs: [to], attributes: { blocksize: factor } },
  });
  const last = layer ? 'c' : 'deep';
  const encoder = onnxBytes({
    inputs: [picture('image')],
    outputs: [{ name: 'latent', shape: ['n', moments ? 2 * channels : channels, 'lh', 'lw'] }],
    nodes: [
      blocks('SpaceToDepth', 'image', 'deep'),
      ...(layer ? [conv('deep', 'c', 'w', 3)] : []),
      moments
        ? { op: 'Concat', inputs: [last, last], outputs: ['latent'], attributes: { axis: 1 } }
        : { op: 'Identity', inputs: [last], outputs: ['latent'] },
    ],
    tensors: layer ? [weights('w', channels, channels, 3, 5)] : [],
  });
  const decoder = onnxBytes({
    inputs: [{ name: 'z', shape: ['n', stated ?? channels, 'lh', 'lw'] }],
    outputs: [picture('picture')],
    nodes: [
      layer ? conv('z', 'd', 'w', 3) : { op: 'Identity', inputs: ['z'], outputs: ['d'] },
      blocks('DepthToSpace', 'd', 'picture'),
    ],
    tensors: layer ? [weights('w', channels, channels, 3, 6)] : [],
  });
  return { encoder, decoder };
}
