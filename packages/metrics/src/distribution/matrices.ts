import { setImmediate } from 'node:timers/promises';

/** A matrix, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

const PAUSE_MS = 20;

/** Lets the event loop breathe every 20 ms of a long computation, and notices an abort. */
export class Pace {
  #last = performance.now();
  constructor(readonly signal?: AbortSignal) {}

  async step(): Promise<void> {
    if (performance.now() - this.#last < PAUSE_MS) return;
    await setImmediate(undefined, this.signal ? { signal: this.signal } : {});
    this.#last = performance.now();
  }
}

export const matrix = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  data: new Float64Array(rows * columns),
});

const row = ({ data, columns }: Matrix, i: number) => data.subarray(i * columns, (i + 1) * columns);

/** Mean of the rows. */
export function meanRow(samples: Matrix): Float64Array {
  const mean = new Float64Array(samples.columns);
  for (let i = 0; i < samples.rows; i++) for (const [j, value] of row(samples, i).entries()) mean[j]! += value;
  return mean.map((sum) => sum / samples.rows);
}

/** Sample covariance (divided by rows - 1), d x d. */
export async function covariance(samples: Matrix, pace: Pace): Promise<Matrix> {
  const { rows, columns: d } = samples;
  const mean = meanRow(samples);
  const sum = matrix(d, d);
  const apart = new Float64Array(d);
  for (let i = 0; i < rows; i++) {
    const sample = row(samples, i);
    for (let j = 0; j < d; j++) apart[j] = sample[j]! - mean[j]!;
    for (let j = 0; j < d; j++) {
      const [weight, target] = [apart[j]!, row(sum, j)];
      for (let k = 0; k <= j; k++) target[k]! += weight * apart[k]!;
    }
    await pace.step();
  }
  for (let j = 0; j < d; j++)
    for (let k = 0; k <= j; k++) {
      const value = sum.data[j * d + k]! / (rows - 1);
      sum.data[j * d + k] = value;
      sum.data[k * d + j] = value;
    }
  return sum;
}

/** Pivots below this share of the largest diagonal entry count as 0: directions in which nothing varies. */
const RANK = 1e-12;

/** Lower triangular L with L L^T = A for a symmetric A that is positive semidefinite; columns without variance are 0. */
export async function cholesky(a: Matrix, pace: Pace): Promise<Matrix> {
  const d = a.rows;
  const l = matrix(d, d);
  let largest = 0;
  for (let j = 0; j < d; j++) largest = Math.max(largest, a.data[j * d + j]!);
  for (let j = 0; j < d; j++) {
    const left = row(l, j);
    let pivot = a.data[j * d + j]!;
    for (let k = 0; k < j; k++) pivot -= left[k]! * left[k]!;
    if (pivot <= RANK * largest) continue;
    const root = Math.sqrt(pivot);
    left[j] = root;
    for (let i = j + 1; i < d; i++) {
      const other = row(l, i);
      let sum = a.data[i * d + j]!;
      for (let k = 0; k < j; k++) sum -= other[k]! * left[k]!;
      other[j] = sum / root;
    }
    await pace.step();
  }
  return l;
}

/** L^T C L for symmetric C. */
export async function congruence(l: Matrix, c: Matrix, pace: Pace): Promise<Matrix> {
  const d = l.rows;
  const product = matrix(d, d); // C L, row by row
  for (let i = 0; i < d; i++) {
    const [target, from] = [row(product, i), row(c, i)];
    for (let k = 0; k < d; k++) {
      const [weight, source] = [from[k]!, row(l, k)];
      for (let j = 0; j <= k; j++) target[j]! += weight * source[j]!;
    }
    await pace.step();
  }
  const result = matrix(d, d);
  for (let k = 0; k < d; k++) {
    const [lower, source] = [row(l, k), row(product, k)];
    for (let i = 0; i <= k; i++) {
      const [weight, target] = [lower[i]!, row(result, i)];
      if (weight === 0) continue;
      for (let j = 0; j < d; j++) target[j]! += weight * source[j]!;
    }
    await pace.step();
  }
  return result;
}

/** Eigenvalues of a symmetric matrix: Householder's reduction to three diagonals, then Sturm sequences by bisection. Ascending. */
export async function eigenvalues(a: Matrix, pace: Pace): Promise<Float64Array> {
  const { diagonal, off } = await tridiagonal(a, pace);
  return bisect(diagonal, off, pace);
}

async function tridiagonal(a: Matrix, pace: Pace): Promise<{ diagonal: Float64Array; off: Float64Array }> {
  const n = a.rows;
  const m = Float64Array.from(a.data);
  const at = (i: number) => m.subarray(i * n, (i + 1) * n);
  const off = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = at(i)[k]!;
      norm += v[i]! ** 2;
    }
    norm = Math.sqrt(norm);
    const alpha = v[k + 1]! > 0 ? -norm : norm;
    off[k + 1] = alpha;
    if (norm === 0) continue;
    v[k + 1]! -= alpha;
    let length = 0;
    for (let i = k + 1; i < n; i++) length += v[i]! ** 2;
    if (length === 0) continue;
    // With H = I - 2 v v^T / |v|^2: H A H = A - v w^T - w v^T
    let vp = 0;
    for (let i = k + 1; i < n; i++) {
      const line = at(i);
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += line[j]! * v[j]!;
      p[i] = (2 * sum) / length;
      vp += p[i]! * v[i]!;
    }
    for (let i = k + 1; i < n; i++) p[i]! -= (vp / length) * v[i]!;
    for (let i = k + 1; i < n; i++) {
      const [line, vi, wi] = [at(i), v[i]!, p[i]!];
      for (let j = k + 1; j < n; j++) line[j]! -= vi * p[j]! + wi * v[j]!;
    }
    await pace.step();
  }
  if (n > 1) off[n - 1] = at(n - 1)[n - 2]!;
  return { diagonal: Float64Array.from({ length: n }, (_, i) => at(i)[i]!), off };
}

/** How many eigenvalues lie below x. */
function below(diagonal: Float64Array, off: Float64Array, x: number, tiny: number): number {
  let count = 0;
  let q = 1;
  for (let i = 0; i < diagonal.length; i++) {
    q = diagonal[i]! - x - (i === 0 ? 0 : off[i]! ** 2 / q);
    if (Math.abs(q) < tiny) q = -tiny;
    if (q < 0) count++;
  }
  return count;
}

async function bisect(diagonal: Float64Array, off: Float64Array, pace: Pace): Promise<Float64Array> {
  const n = diagonal.length;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    const reach = Math.abs(off[i]!) + Math.abs(off[i + 1] ?? 0);
    least = Math.min(least, diagonal[i]! - reach);
    most = Math.max(most, diagonal[i]! + reach);
  }
  const scale = Math.max(Math.abs(least), Math.abs(most), Number.MIN_VALUE);
  const tiny = Math.max(scale * 1e-300, Number.MIN_VALUE);
  const values = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let [low, high] = [k === 0 ? least : values[k - 1]!, most];
    while (high - low > 4e-16 * scale) {
      const middle = low + (high - low) / 2;
      if (middle === low || middle === high) break;
      if (below(diagonal, off, middle, tiny) > k) high = middle;
      else low = middle;
    }
    values[k] = low + (high - low) / 2;
    await pace.step();
  }
  return values;
}
