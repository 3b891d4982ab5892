import { expect, test } from '@jest/globals';
import { random } from '../../image/testing/pictures.js';
import { planFft } from './fft.js';

/** The definition. */
function dft(re: Float64Array, im: Float64Array) {
  const n = re.length;
  const outRe = new Float64Array(n);
  const outIm = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      outRe[k]! += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      outIm[k]! += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
  }
  return { outRe, outIm };
}

test('every length from 1 to 70, a power of two and a prime beyond, against the definition', () => {
  const next = random(1);
  for (const n of [...Array.from({ length: 70 }, (_, i) => i + 1), 127, 128, 251, 256]) {
    const re = Float64Array.from({ length: n }, () => next() - 0.5);
    const im = Float64Array.from({ length: n }, () => next() - 0.5);
    const { outRe, outIm } = dft(re, im);
    const plan = planFft(n);
    for (let again = 0; again < 2; again++) {
      const a = re.slice();
      const b = im.slice();
      plan.run(a, b);
      const error = Math.max(...a.map((v, k) => Math.abs(v - outRe[k]!)), ...b.map((v, k) => Math.abs(v - outIm[k]!)));
      // Rounding grows with the logarithm of the length; sums of n terms below 1 in size.
      expect(`${n}: ${error < 1e-14 * n + 1e-13}`).toBe(`${n}: true`);
    }
  }
});
