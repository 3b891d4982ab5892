import { explain, ModelError } from '../../errors.js';
import { notFinite } from '../../finite.js';
import type { Image } from '../../image/contract.js';
import type { Port } from '../../models/manifest.js';
import type { Tensor } from '../../network/protocol.js';
import { padPlanes } from './fold.js';

/** A picture as a graph's input: padded, in the port's range and colour order. */
export function toTensor(image: Image, port: Port, width: number, height: number): Tensor {
  const { range, colour } = port;
  const [low, high] = range;
  const planes = padPlanes(image, width, height);
  const plane = width * height;
  const channels = colour === 'grey' ? 1 : 3;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    const source = image.channels === 1 ? 0 : colour === 'BGR' ? 2 - c : c;
    const samples = planes.subarray(source * plane, (source + 1) * plane);
    if (low === 0 && high === 1) data.set(samples, c * plane);
    else for (let i = 0; i < plane; i++) data[c * plane + i] = samples[i]! * (high - low) + low;
  }
  return { type: 'float32', data, dims: [1, channels, height, width] };
}

/** A graph's output as planes in [0, 1] RGB, clipped. @throws ModelError for a wrong shape or values that are not numbers */
export function fromTensor(
  tensor: Tensor | undefined,
  port: Port,
  width: number,
  height: number,
  name: string,
): Float32Array {
  const channels = port.colour === 'grey' ? 1 : 3;
  const expected = [1, channels, height, width];
  if (
    !tensor ||
    !(tensor.data instanceof Float32Array) ||
    tensor.dims.length !== 4 ||
    tensor.dims.some((d, i) => d !== expected[i])
  ) {
    const got = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'nothing';
    throw new ModelError(
      explain({ name: `${name} output ${port.name}`, expected: `float32 [${expected.join(', ')}]`, got }),
    );
  }
  // Before clipping, which would make infinity white or black.
  if (notFinite(tensor.data) !== undefined)
    throw new ModelError(
      explain({ name: `${name} output ${port.name}`, expected: 'numbers', got: 'values that are not finite' }),
    );
  const [low, high] = port.range;
  const plane = width * height;
  const out = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    const from = (port.colour === 'BGR' ? 2 - c : c) * plane;
    for (let i = 0; i < plane; i++) {
      const v = (tensor.data[from + i]! - low) / (high - low);
      out[c * plane + i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
  }
  return out;
}
