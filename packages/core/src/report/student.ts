/** P(|T| <= t) for Student's t with a whole number of degrees of freedom: the finite sums of Abramowitz and Stegun 26.7.3-4. */
function central(t: number, freedom: number): number {
  const theta = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(theta);
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/** The t that Student's distribution stays within, on both sides, with probability `level`. `freedom` >= 1, whole. */
export function studentBound(level: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (central(high, freedom) < level) high *= 2;
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (central(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Z > z) of the normal distribution, z >= 1: Laplace's continued fraction. Relative error below 1e-12 from 1.9 on. */
export function normalTail(z: number): number {
  let fraction = z;
  for (let k = 400; k >= 1; k--) fraction = z + k / fraction;
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction;
}
