import { type ExecOptions, gaussianBlur } from '@ir/native';
import type { BlurStep } from '../../degradation/contract.js';

/** A blur as a linear map on planar float32 pictures of one size, and its adjoint: <A x, y> = <x, A^T y>. */
export interface BlurOperator {
  /** A x into `out` (by default a new array; may be `x`). */
  apply(x: Float32Array, out?: Float32Array): Promise<Float32Array>;
  /** A^T y into `out` (may be `y`). `y` is used as scratch: its values are lost. */
  adjoint(y: Float32Array, out?: Float32Array): Promise<Float32Array>;
}

interface Shape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Multiplies the outermost samples of every line by `factor`, in place, on both axes where lines have more than one sample. */
function weighEdges({ width, height, channels }: Shape, planes: Float32Array, factor: number): void {
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * height + y) * width;
      const edgeRow = height > 1 && (y === 0 || y === height - 1);
      if (edgeRow) for (let x = 0; x < width; x++) planes[row + x]! *= factor;
      if (width > 1) {
        planes[row]! *= factor;
        planes[row + width - 1]! *= factor;
      }
    }
  }
}

/** The picture in a frame of zeros, `margin` wide. */
function frame({ width, height, channels }: Shape, planes: Float32Array, margin: number): Float32Array {
  const [w, h] = [width + 2 * margin, height + 2 * margin];
  const out = new Float32Array(w * h * channels);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * height + y) * width;
      out.set(planes.subarray(from, from + width), (c * h + y + margin) * w + margin);
    }
  }
  return out;
}

/** Adds all that lies in the frame to the nearest sample of the picture: the adjoint of repeating the edge. */
function foldFrame({ width, height, channels }: Shape, framed: Float32Array, margin: number, out: Float32Array): void {
  const [w, h] = [width + 2 * margin, height + 2 * margin];
  out.fill(0);
  const inside = (at: number, length: number) => Math.min(length - 1, Math.max(0, at - margin));
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < h; y++) {
      const to = (c * height + inside(y, height)) * width;
      for (let x = 0; x < w; x++) out[to + inside(x, width)]! += framed[(c * h + y) * w + x]!;
    }
  }
}

/**
 * The blur of a degradation, border included, with its exact adjoint. A = R C S: S extends a line by its border, C convolves, R takes the
 * line back.
 * - symmetric: every sample stands twice in the even periodic extension and C is symmetric, so A^T = A.
 * - reflect-101: the two end samples stand once, the others twice: with D = diag(1, 2, ..., 2, 1), D A = A^T D, so A^T = D A D^-1.
 * - replicate: not periodic; A^T v = S^T C v with v surrounded by zeros, and S^T adds what falls outside to the end samples.
 * The first two hold for kernels larger than the picture, which fold periodically.
 */
export function blurOperator(shape: Shape, step: Required<BlurStep>, options: ExecOptions = {}): BlurOperator {
  const { sigma, size, border } = step;
  const samples = shape.width * shape.height * shape.channels;
  const blur = async ({ width, height, channels }: Shape, data: Float32Array, out: Float32Array) => {
    const src = { data, width, height, channels };
    await gaussianBlur(src, { sigma, size, border, out: { ...src, data: out } }, options);
    return out;
  };
  const apply = (x: Float32Array, out: Float32Array = new Float32Array(samples)) => blur(shape, x, out);
  if (border === 'symmetric') return { apply, adjoint: apply };
  if (border === 'reflect-101') {
    const adjoint = async (y: Float32Array, out: Float32Array = new Float32Array(samples)): Promise<Float32Array> => {
      weighEdges(shape, y, 2);
      const result = await apply(y, out);
      weighEdges(shape, result, 0.5);
      return result;
    };
    return { apply, adjoint };
  }
  const margin = (size - 1) / 2;
  const around = { width: shape.width + 2 * margin, height: shape.height + 2 * margin, channels: shape.channels };
  const adjoint = async (y: Float32Array, out: Float32Array = new Float32Array(samples)) => {
    const framed = frame(shape, y, margin);
    foldFrame(shape, await blur(around, framed, framed), margin, out);
    return out;
  };
  return { apply, adjoint };
}
