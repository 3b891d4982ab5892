import type { Embedding } from '@ir/core';

type Vector = Float32Array;

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** 1 - cos of two vectors; NaN where one is 0. Of equal vectors exactly 0. */
export function cosineDistance(a: Vector, b: Vector): number {
  const [aa, bb] = [dot(a, a), dot(b, b)];
  return 1 - dot(a, b) / Math.sqrt(aa * bb);
}

/** L2 distance of the vectors at unit length. */
export function unitDistance(a: Vector, b: Vector): number {
  const [u, v] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! / u - b[i]! / v) ** 2;
  return Math.sqrt(sum);
}

/** Mean squared difference of the vectors as they are. */
export function meanSquare(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}

/** 1 - cos of every pair of tokens at one place. */
export function tokenDistances(a: Embedding, b: Embedding): Float64Array {
  const { size, columns, rows } = a;
  return Float64Array.from({ length: columns * rows }, (_, t) =>
    cosineDistance(a.tokens!.subarray(t * size, (t + 1) * size), b.tokens!.subarray(t * size, (t + 1) * size)),
  );
}

export function meanTokenDistance(a: Embedding, b: Embedding): number {
  const distances = tokenDistances(a, b);
  return distances.reduce((sum, value) => sum + value, 0) / distances.length;
}
