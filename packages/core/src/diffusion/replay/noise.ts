const { abs, exp, floor, max, min, sqrt, PI, SQRT2 } = Math;

/** erf by the series without cancellation: 2 / sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!. */
function erf(x: number): number {
  let term = x;
  let sum = 0;
  for (let n = 0; abs(term) > 1e-18 * abs(sum) && n < 400; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / sqrt(PI)) * exp(-x * x) * sum;
}

/** x with P(N(0, 1) < x) = u, for u in [1e-6, 1 - 1e-6]: Newton's method kept inside a bracket. */
export function normalQuantile(u: number): number {
  let [low, high] = [-6, 6];
  let x = 0;
  for (let k = 0; k < 80; k++) {
    const error = 0.5 * (1 + erf(x / SQRT2)) - u;
    if (error > 0) high = x;
    else low = x;
    const next = x - error / (exp((-x * x) / 2) / sqrt(2 * PI));
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (abs(inside - x) < 1e-14) return inside;
    x = inside;
  }
  return x;
}

/**
 * The k-th field of the replay files, that anyone can regenerate: u_i = frac(i g + h (k + 1)), i from 1, with g and h the reciprocal of the golden
 * ratio and that of the plastic number, limited to [1e-6, 1 - 1e-6]; n_i is the normal quantile of u_i.
 */
export function replayNoise(k: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const at = (i + 1) * 0.6180339887498949 + 0.7548776662466927 * (k + 1);
    return normalQuantile(min(1 - 1e-6, max(1e-6, at - floor(at))));
  });
}

/** The field with which a start inside is noised. */
export const START_DRAW = 99;
