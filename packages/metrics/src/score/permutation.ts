import { createHash } from 'node:crypto';

/** Up to this many differences all 2^n signs are tried; above it a sample is drawn. */
const MOST_EXACT = 14;
const DRAWS = 19_999;

/** A flip is as extreme as what was seen also where only rounding tells them apart. */
const ROUNDING = 1 - 1e-12;

/** Endless fair signs, a function of the seed alone: the bits of SHA-256 over `ir.signs/1`, the seed and a counter. */
function* signs(seed: number): Generator<boolean, never> {
  for (let block = 0; ; block++)
    for (const byte of createHash('sha256').update(`ir.signs/1\n${seed}\n${block}`).digest())
      for (let bit = 0; bit < 8; bit++) yield ((byte >> bit) & 1) === 1;
}

function exact(differences: readonly number[], bound: number): number {
  const n = differences.length;
  let extreme = 0;
  for (let mask = 0; mask < 2 ** n; mask++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (mask >> i) & 1 ? -differences[i]! : differences[i]!;
    if (Math.abs(sum) >= bound) extreme++;
  }
  return extreme / 2 ** n;
}

function drawn(differences: readonly number[], bound: number, seed: number): number {
  const flip = signs(seed);
  let extreme = 1; // what was seen is one of the possibilities
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0;
    for (const difference of differences) sum += flip.next().value ? -difference : difference;
    if (Math.abs(sum) >= bound) extreme++;
  }
  return extreme / (DRAWS + 1);
}

/**
 * Two-sided p-value of the mean of paired differences: how often it is as far from 0, or farther, when each difference keeps or changes its sign by
 * the toss of a coin. Exact up to 14 differences, else from 19,999 tosses by `seed`. null for none.
 */
export function signFlipTest(differences: readonly number[], seed = 0): number | null {
  if (differences.length === 0) return null;
  const bound = Math.abs(differences.reduce((a, b) => a + b)) * ROUNDING;
  return differences.length <= MOST_EXACT ? exact(differences, bound) : drawn(differences, bound, seed);
}

/** Holm's correction: p-values that may be compared with the level of the whole family. In the order given. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (values.length - rank) * values[i]!));
    adjusted[i] = least;
  }
  return adjusted;
}
