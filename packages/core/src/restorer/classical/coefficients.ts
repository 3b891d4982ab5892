import { forBands } from '../../image/bands.js';
import type { CosineBasis } from './cosine.js';

/** A line's transform costs about as much as this many passes over it; keeps the pauses of the event loop near 10 ms. */
const WORK_PER_SAMPLE = 200;

interface Plane {
  readonly data: Float64Array;
  readonly width: number;
  readonly height: number;
}

type LinePair = (a: Float64Array, b: Float64Array) => void;

/** Calls `work` on the rows of a plane, two at a time, in place. */
export function onRows({ data, width, height }: Plane, work: LinePair, signal?: AbortSignal): Promise<void> {
  const spare = new Float64Array(width); // partner of the last row where their number is odd
  const line = (row: number) => (row < height ? data.subarray(row * width, (row + 1) * width) : spare);
  const pairs = (first: number, end: number) => {
    for (let y = 2 * first; y < 2 * end; y += 2) work(line(y), line(y + 1));
  };
  return forBands(Math.ceil(height / 2), width * WORK_PER_SAMPLE, pairs, signal);
}

/** Calls `work` on the columns of a plane, two at a time; x is the first one's number, the other is its right neighbour (or itself). */
export function onColumns(
  { data, width, height }: Plane,
  work: (a: Float64Array, b: Float64Array, x: number, x1: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const a = new Float64Array(height);
  const b = new Float64Array(height);
  const pairs = (first: number, end: number) => {
    for (let x = 2 * first; x < 2 * end && x < width; x += 2) {
      const x1 = Math.min(x + 1, width - 1);
      for (let y = 0, i = x, j = x1; y < height; y++, i += width, j += width) {
        a[y] = data[i]!;
        b[y] = data[j]!;
      }
      work(a, b, x, x1);
      for (let y = 0, i = x, j = x1; y < height; y++, i += width, j += width) {
        data[j] = b[y]!;
        data[i] = a[y]!;
      }
    }
  };
  return forBands(Math.ceil(width / 2), height * WORK_PER_SAMPLE * 2, pairs, signal);
}

/** A plane's coefficients in the basis (rows x columns), in place. */
export async function toCoefficients(
  plane: Plane,
  rows: CosineBasis,
  columns: CosineBasis,
  signal?: AbortSignal,
): Promise<void> {
  await onRows(plane, rows.forward, signal);
  await onColumns(plane, columns.forward, signal);
}
