import { type NodeSpec, onnxBytes, type TensorSpec } from './onnx.js';

/** Small networks that measure, whose numbers can be computed by hand. */

const picture = (name: string) => ({ name, shape: ['n', 3, 'h', 'w'] });
const integers = (name: string, ...values: number[]): TensorSpec => ({
  name,
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const floats = (name: string, ...values: number[]): TensorSpec => ({
  name,
  dims: [values.length],
  data: Float32Array.from(values),
});

/** Mean squared difference of two pictures, plus `offset`; with its map, [n, 1, h, w], if asked for. */
export function distanceGraph({ map = false, offset = 0 }: { map?: boolean; offset?: number } = {}): Uint8Array {
  const nodes: NodeSpec[] = [
    { op: 'Sub', inputs: ['a', 'b'], outputs: ['difference'] },
    { op: 'Mul', inputs: ['difference', 'difference'], outputs: ['squares'] },
    { op: 'ReduceMean', inputs: ['squares'], outputs: ['mean'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
    { op: 'Add', inputs: ['mean', 'offset'], outputs: ['distance'] },
    ...(map
      ? [{ op: 'ReduceMean', inputs: ['squares'], outputs: ['map'], attributes: { axes: [1], keepdims: 1 } }]
      : []),
  ];
  return onnxBytes({
    inputs: [picture('a'), picture('b')],
    outputs: [{ name: 'distance', shape: ['n'] }, ...(map ? [{ name: 'map', shape: ['n', 1, 'h', 'w'] }] : [])],
    nodes,
    tensors: [floats('offset', offset)],
  });
}

/** Tokens: the mean colour of each square of `stride` pixels, [n, t, 3]; embedding: the mean colour, [n, 3]. */
export function encoderGraph({ stride = 8, tokens = true }: { stride?: number; tokens?: boolean } = {}): Uint8Array {
  const nodes: NodeSpec[] = [
    { op: 'ReduceMean', inputs: ['image'], outputs: ['embedding'], attributes: { axes: [2, 3], keepdims: 0 } },
  ];
  if (tokens)
    nodes.push(
      {
        op: 'AveragePool',
        inputs: ['image'],
        outputs: ['grid'],
        attributes: { kernel_shape: [stride, stride], strides: [stride, stride] },
      },
      { op: 'Reshape', inputs: ['grid', 'flat'], outputs: ['columns'] },
      { op: 'Transpose', inputs: ['columns'], outputs: ['tokens'], attributes: { perm: [0, 2, 1] } },
    );
  return onnxBytes({
    inputs: [picture('image')],
    outputs: [{ name: 'embedding', shape: ['n', 3] }, ...(tokens ? [{ name: 'tokens', shape: ['n', 't', 3] }] : [])],
    nodes,
    tensors: [integers('flat', 0, 0, -1)],
  });
}

/** The mean of all samples, [n]. */
export const qualityGraph = (): Uint8Array =>
  onnxBytes({
    inputs: [picture('image')],
    outputs: [{ name: 'quality', shape: ['n'] }],
    nodes: [
      { op: 'ReduceMean', inputs: ['image'], outputs: ['quality'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
    ],
    tensors: [],
  });
