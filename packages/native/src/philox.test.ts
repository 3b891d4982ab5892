import { expect, test } from '@jest/globals';
import { normalField, philoxWords } from './index.js';

const MASK = 0xffffffffn;
type Words = readonly [bigint, bigint, bigint, bigint];

/** Philox 4x32-10 from its definition, in BigInts: two multiplications, a swap and a key step, ten times. */
function philox(counter: Words, seed: bigint): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = [seed & MASK, seed >> 32n];
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & MASK, (p0 >> 32n) ^ c3 ^ k1, p0 & MASK];
    [k0, k1] = [(k0 + 0x9e3779b9n) & MASK, (k1 + 0xbb67ae85n) & MASK];
  }
  return [c0, c1, c2, c3];
}

/** The normal at `position`: Box-Muller on words (0, 1) and (2, 3), u = (word + 0.5) 2^-32. */
function normal(position: bigint, seed: bigint, stream: number, step: number): number {
  const block = position >> 2n;
  const words = philox([block & MASK, block >> 32n, BigInt(step), BigInt(stream)], seed);
  const at = Number(position & 3n);
  const unit = (k: number) => (Number(words[k] as bigint) + 0.5) * 2 ** -32;
  const radius = Math.sqrt(-2 * Math.log(unit(at & 2)));
  const turn = 2 * Math.PI * unit((at & 2) + 1);
  return radius * (at & 1 ? Math.sin(turn) : Math.cos(turn));
}

const hex = (words: Iterable<number | bigint>) => [...words].map((w) => w.toString(16).padStart(8, '0')).join(' ');

test('Philox gives its published words (Salmon et al. 2011, known answers of Random123)', async () => {
  const ones = 2n ** 64n - 1n;
  expect(hex(await philoxWords(0, 0, 0))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(await philoxWords(ones, ones, ones))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  expect(hex(await philoxWords(0x299f31d0a4093822n, 0x85a308d3243f6a88n, 0x0370734413198a2en))).toBe(
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

test('Philox equals its definition for seeds and counters with every bit used', async () => {
  for (const [seed, low, high] of [
    [1n, 2n, 3n],
    [0x0123456789abcdefn, 0xfedcba9876543210n, 0x8000000080000000n],
    [2n ** 53n - 1n, 2n ** 33n + 5n, 7n << 32n],
  ] as const) {
    const words = philox([low & MASK, low >> 32n, high & MASK, high >> 32n], seed);
    expect(hex(await philoxWords(seed, low, high))).toBe(hex(words));
  }
});

test.each([
  { seed: 0n, stream: 0, step: 0, offset: 0n },
  { seed: 0x0123456789abcdefn, stream: 0xffffffff, step: 49, offset: 5n },
  { seed: 42n, stream: 3, step: 1, offset: 2n ** 34n - 3n }, // crosses the low word of the block number
])(
  'normals are Box-Muller on the words at their position (seed $seed, offset $offset)',
  async ({ seed, stream, step, offset }) => {
    const out = await normalField({ out: new Float32Array(331), seed, stream, step, offset });
    const exact = Array.from(out, (_, i) => normal(offset + BigInt(i), seed, stream, step));
    const worst = Math.max(...exact.map((n, i) => Math.abs(n - (out[i] as number))));
    expect(worst).toBeLessThanOrEqual(24 * 2 ** -24); // add_noise.h: 24 eps, eps = 2^-24
  },
);

test('a field read in pieces is the field', async () => {
  const at = { seed: 9, stream: 1, step: 2 };
  const whole = await normalField({ ...at, out: new Float32Array(5000) });
  for (const offset of [1, 2, 3, 1023, 1025, 4099]) {
    const piece = await normalField({ ...at, out: new Float32Array(5000 - offset), offset });
    expect(piece).toEqual(whole.subarray(offset));
  }
});
