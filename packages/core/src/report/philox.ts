const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;

type Words = readonly [number, number, number, number];

/** Upper 32 bits of a product of two unsigned 32-bit integers, exact: no partial sum reaches 2^53. */
function multiplyHigh(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const middle = ah * bl + al * bh + Math.floor((al * bl) / 65536);
  return (ah * bh + Math.floor(middle / 65536)) >>> 0;
}

/** Philox 4x32-10 (Salmon et al. 2011): four random unsigned 32-bit integers, a function of counter and key alone. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const first = multiplyHigh(MULTIPLIERS[0], c0);
    const second = multiplyHigh(MULTIPLIERS[1], c2);
    const low0 = Math.imul(MULTIPLIERS[0], c0) >>> 0;
    const low2 = Math.imul(MULTIPLIERS[1], c2) >>> 0;
    c0 = (second ^ c1 ^ k0) >>> 0;
    c2 = (first ^ c3 ^ k1) >>> 0;
    c1 = low2;
    c3 = low0;
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}
