import { cholesky, congruence, covariance, eigenvalues, type Matrix, meanRow, type Pace } from './matrices.js';

/**
 * Frechet distance of the Gaussians fitted to two sets of rows: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)). The trace of the root is the sum of the roots
 * of the eigenvalues of L^T C2 L, C1 = L L^T, which needs no root of a matrix and no offset on its diagonal.
 */
export async function frechetDistance(a: Matrix, b: Matrix, pace: Pace): Promise<number> {
  const [ma, mb] = [meanRow(a), meanRow(b)];
  const [ca, cb] = [await covariance(a, pace), await covariance(b, pace)];
  const d = a.columns;
  let distance = 0;
  for (let i = 0; i < d; i++) distance += (ma[i]! - mb[i]!) ** 2 + ca.data[i * d + i]! + cb.data[i * d + i]!;
  const values = await eigenvalues(await congruence(await cholesky(ca, pace), cb, pace), pace);
  for (const value of values) distance -= 2 * Math.sqrt(Math.max(0, value));
  return distance;
}

/** Mean of k(x, y) = (x y / d + 1)^3 over pairs of rows; over pairs of different rows where both sets are one. */
async function meanKernel(a: Matrix, b: Matrix, pace: Pace): Promise<number> {
  const d = a.columns;
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    const x = a.data.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < b.rows; j++) {
      if (a === b && i === j) continue;
      let dot = 0;
      const start = j * d;
      for (let k = 0; k < d; k++) dot += x[k]! * b.data[start + k]!;
      sum += (dot / d + 1) ** 3;
    }
    await pace.step();
  }
  return sum / (a.rows * (a === b ? b.rows - 1 : b.rows));
}

/** Squared maximum mean discrepancy with the cubic polynomial kernel, unbiased: below 0 about as often as above where nothing differs. */
export async function kernelDistance(a: Matrix, b: Matrix, pace: Pace): Promise<number> {
  return (await meanKernel(a, a, pace)) + (await meanKernel(b, b, pace)) - 2 * (await meanKernel(a, b, pace));
}
