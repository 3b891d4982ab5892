import { explain, ModelError } from '../../errors.js';
import { notFinite } from '../../finite.js';
import type { Tensor } from '../../network/protocol.js';
import type { Rectangle } from '../direct/tiles.js';

/** Planes of numbers, [channels, height, width]: a latent, moments, or a picture without a range. */
export interface Grid {
  readonly data: Float32Array;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
}

export const emptyGrid = (channels: number, width: number, height: number): Grid => ({
  data: new Float32Array(channels * width * height),
  channels,
  width,
  height,
});

/** A copy of a part; the grid itself where the part is the whole. */
export function cropGrid(grid: Grid, { left, top, width, height }: Rectangle): Grid {
  if (width === grid.width && height === grid.height) return grid;
  const out = emptyGrid(grid.channels, width, height);
  for (let c = 0; c < grid.channels; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * grid.height + top + y) * grid.width + left;
      out.data.set(grid.data.subarray(from, from + width), (c * height + y) * width);
    }
  return out;
}

/** Adds a part, weighted by column and row, to the grid at the part's place. */
export function addWeighted(
  to: Grid,
  part: Grid,
  { left, top }: Pick<Rectangle, 'left' | 'top'>,
  weights: { readonly x: Float64Array; readonly y: Float64Array },
): void {
  for (let c = 0; c < part.channels; c++)
    for (let y = 0; y < part.height; y++) {
      const row = weights.y[y]!;
      if (row === 0) continue;
      const source = (c * part.height + y) * part.width;
      const target = (c * to.height + top + y) * to.width + left;
      for (let x = 0; x < part.width; x++) to.data[target + x]! += row * weights.x[x]! * part.data[source + x]!;
    }
}

export const toGridTensor = ({ data, channels, width, height }: Grid): Tensor => ({
  type: 'float32',
  data,
  dims: [1, channels, height, width],
});

/** A graph's output as a grid of the expected sides. @throws ModelError naming the port; for another shape, or values that are not numbers */
export function fromGridTensor(
  tensor: Tensor | undefined,
  name: string,
  expected: Pick<Grid, 'channels' | 'width' | 'height'>,
): Grid {
  const { channels, width, height } = expected;
  const dims = [1, channels, height, width];
  const agrees = tensor?.dims.length === 4 && tensor.dims.every((d, i) => d === dims[i]);
  if (!tensor || !agrees || !(tensor.data instanceof Float32Array)) {
    const got = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'nothing';
    const fix = 'Correct latent.factor and latent.channels of the manifest, or export the graph again';
    throw new ModelError(explain({ name, expected: `float32 [${dims.join(', ')}]`, got, fix }));
  }
  if (notFinite(tensor.data) !== undefined)
    throw new ModelError(explain({ name, expected: 'numbers', got: 'values that are not finite' }));
  return { data: tensor.data, channels, width, height };
}
