import { pseudoInverseForm } from './linear-algebra.js';

/** A multivariate Gaussian: mean of length n, covariance n x n row-major. */
export interface Gaussian {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/**
 * Fits rows of `n` features: mean per feature over the values that are numbers, sample covariance (divided by rows - 1) over the rows
 * without NaN. `undefined` with fewer than two such rows.
 */
export function fitGaussian(features: Float64Array, n: number): Gaussian | undefined {
  const rows = Array.from({ length: features.length / n }, (_, r) => features.subarray(r * n, (r + 1) * n));
  const whole = rows.filter((row) => !row.some(Number.isNaN));
  if (whole.length < 2) return undefined;
  return { mean: columnMeans(rows, n), covariance: covarianceOf(whole, n) };
}

function columnMeans(rows: readonly Float64Array[], n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const values = rows.map((row) => row[i]!).filter((v) => !Number.isNaN(v));
    return values.reduce((a, b) => a + b, 0) / values.length;
  });
}

function covarianceOf(rows: readonly Float64Array[], n: number): Float64Array {
  const mean = columnMeans(rows, n);
  const covariance = new Float64Array(n * n);
  for (const row of rows)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) covariance[i * n + j]! += (row[i]! - mean[i]!) * (row[j]! - mean[j]!);
  return covariance.map((sum) => sum / (rows.length - 1));
}

/** sqrt((m1 - m2)^T pinv((C1 + C2) / 2) (m1 - m2)) */
export function distance(a: Gaussian, b: Gaussian): number {
  const n = a.mean.length;
  const between = a.mean.map((m, i) => m - b.mean[i]!);
  const pooled = a.covariance.map((c, i) => (c + b.covariance[i]!) / 2);
  return Math.sqrt(pseudoInverseForm({ n, data: pooled }, between));
}
