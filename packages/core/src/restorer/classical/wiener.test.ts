import { describe, expect, test } from '@jest/globals';
import { random, randomImage } from '../../image/testing/pictures.js';
import { cosineBasis, gaussianTaps, response } from './cosine.js';
import { blurByDefinition } from './testing/reference.js';
import { wienerDeconvolve } from './wiener.js';

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe.each(['reflect-101', 'symmetric'] as const)('the cosine basis of %s', (border) => {
  test('its inverse undoes it, for every length to 40', () => {
    const next = random(2);
    for (let n = 1; n <= 40; n++) {
      const a = Float64Array.from({ length: n }, next);
      const b = Float64Array.from({ length: n }, next);
      const [a1, b1] = [a.slice(), b.slice()];
      const basis = cosineBasis(n, border);
      basis.forward(a1, b1);
      basis.inverse(a1, b1);
      expect(Math.max(worst(a, a1), worst(b, b1))).toBeLessThan(1e-12);
    }
  });

  test('blurring is multiplication in it, for kernels larger than the line too', () => {
    const next = random(3);
    for (const n of [1, 2, 3, 5, 8, 17, 24]) {
      for (const [sigma, size] of [
        [0.6, 5],
        [2, 13],
        [9, 55],
      ] as const) {
        const a = Float64Array.from({ length: n }, next);
        const b = Float64Array.from({ length: n }, next);
        const expected = [a, b].map((line) => blurByDefinition(line, n, 1, { sigma, size, border }));
        const basis = cosineBasis(n, border);
        const h = response(gaussianTaps(sigma, size), basis.frequencies);
        basis.forward(a, b);
        for (let k = 0; k < n; k++) {
          a[k]! *= h[k]!;
          b[k]! *= h[k]!;
        }
        basis.inverse(a, b);
        expect(Math.max(worst(a, expected[0]!), worst(b, expected[1]!))).toBeLessThan(1e-12);
      }
    }
  });
});

describe('Wiener deconvolution', () => {
  const sizes = [
    [1, 1],
    [1, 9],
    [2, 2],
    [7, 5],
    [16, 11],
    [33, 18],
  ] as const;
  // Response of at least 0.01 everywhere: invertible in float32.
  const kernel = { sigma: 0.7, size: 5 };

  test.each(['reflect-101', 'symmetric'] as const)(
    'without noise it inverts the blur up to the very edge: %s',
    async (border) => {
      for (const [width, height] of sizes) {
        const sharp = randomImage(width + 50 * height, { width, height });
        const count = width * height;
        const data = new Float32Array(3 * count);
        for (let c = 0; c < 3; c++) {
          data.set(
            blurByDefinition(sharp.data.subarray(c * count, (c + 1) * count), width, height, { ...kernel, border }),
            c * count,
          );
        }
        const back = await wienerDeconvolve({ ...sharp, data }, { ...kernel, border }, { nsr: 0, power: 0 });
        expect(worst(back.data, sharp.data)).toBeLessThan(1e-5);
      }
    },
  );

  test('taken for the wrong border it fails there: the check above can go red', async () => {
    const sharp = randomImage(8, { width: 33, height: 18, channels: 1 });
    const data = Float32Array.from(blurByDefinition(sharp.data, 33, 18, { ...kernel, border: 'symmetric' }));
    const back = await wienerDeconvolve({ ...sharp, data }, { ...kernel, border: 'reflect-101' }, { nsr: 0, power: 0 });
    expect(worst(back.data, sharp.data)).toBeGreaterThan(0.05);
  });

  test('the gain is H / (H^2 + nsr f^power): one cosine goes in, the scaled cosine comes out', async () => {
    const [width, height] = [33, 17];
    const [u, v, nsr, power] = [5, 3, 0.05, 2];
    const wave = Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return 0.5 + 0.2 * Math.cos((Math.PI * u * x) / (width - 1)) * Math.cos((Math.PI * v * y) / (height - 1));
    });
    const image = { width, height, channels: 1 as const, depth: 32 as const, data: wave };
    const out = await wienerDeconvolve(image, { sigma: 1, size: 7, border: 'reflect-101' }, { nsr, power });
    const taps = gaussianTaps(1, 7);
    const at = (omega: number) => taps.reduce((sum, tap, j) => sum + tap * Math.cos((j - 3) * omega), 0);
    const h = at((Math.PI * u) / (width - 1)) * at((Math.PI * v) / (height - 1));
    const f = Math.hypot(u / (width - 1), v / (height - 1));
    const gain = h / (h * h + nsr * f ** power);
    expect(
      worst(
        out.data,
        wave.map((value) => 0.5 + gain * (value - 0.5)),
      ),
    ).toBeLessThan(1e-6);
  });

  test('a flat picture stays as it is, and aborting rejects', async () => {
    const flat = {
      width: 20,
      height: 20,
      channels: 1 as const,
      depth: 8 as const,
      data: new Float32Array(400).fill(0.3),
    };
    const kernel20 = { sigma: 20, size: 121, border: 'reflect-101' } as const;
    const out = await wienerDeconvolve(flat, kernel20, { nsr: 1e-3, power: 0 });
    expect(worst(out.data, flat.data)).toBeLessThan(1e-6);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(wienerDeconvolve(flat, kernel20, { nsr: 1e-3, power: 0 }, { signal })).rejects.toThrow('enough');
  });
});
