/** A symmetric matrix, row-major, n x n. */
export interface Symmetric {
  readonly n: number;
  readonly data: Float64Array;
}

const SWEEPS = 60;

/** Eigenvalues and, in the columns of `vectors`, eigenvectors: cyclic Jacobi rotations until the off-diagonal is negligible. */
export function eigen({ n, data }: Symmetric): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(data);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS && offDiagonal(a, n) > 0; sweep++)
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors: v };
}

/** Sum of squares off the diagonal, 0 once it no longer counts beside the diagonal. */
function offDiagonal(a: Float64Array, n: number): number {
  let off = 0;
  let diagonal = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j) diagonal += a[i * n + i]! ** 2;
      else off += a[i * n + j]! ** 2;
    }
  return off > 1e-40 * diagonal ? off : 0;
}

function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q, c, s);
}

function turn(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = m[i]!;
  const y = m[j]!;
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}

/** x^T pinv(A) x for symmetric A; eigenvalues up to 1e-15 of the largest count as zero, as in numpy's pinv. */
export function pseudoInverseForm(matrix: Symmetric, x: Float64Array): number {
  const { n } = matrix;
  const { values, vectors } = eigen(matrix);
  const limit = 1e-15 * values.reduce((m, w) => Math.max(m, Math.abs(w)), 0);
  let form = 0;
  for (let k = 0; k < n; k++) {
    if (Math.abs(values[k]!) <= limit) continue;
    let dot = 0;
    for (let i = 0; i < n; i++) dot += vectors[i * n + k]! * x[i]!;
    form += dot ** 2 / values[k]!;
  }
  return form;
}
