import { describe, expect, test } from '@jest/globals';
import {
  addNoise,
  type Border,
  compare,
  degrade,
  denoiseStep,
  gaussianBlur,
  type InterleavedU8,
  niqeFeatures,
  normalField,
  type PlanarF32,
  resample,
} from './index.js';
import { bytes, floats } from './testing/kernels.js';

const EPS = 2 ** -24;

const at = (p: PlanarF32, c: number, x: number, y: number) => p.data[(c * p.height + y) * p.width + x] as number;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(0, ...Array.from(a, (v, i) => Math.abs(v - (b[i] as number))));
};

/** Index i of a line of n samples, walked step by step: reflections one at a time. */
function fold(i: number, n: number, border: Border): number {
  let k = i;
  while (k < 0 || k >= n) {
    if (border === 'replicate' || n === 1) return Math.max(0, Math.min(n - 1, k));
    const skip = border === 'symmetric' ? 1 : 0;
    k = k < 0 ? -k - skip : 2 * (n - 1) - k + skip;
  }
  return k;
}

function plainBlur(p: PlanarF32, sigma: number, size: number, border: Border): Float64Array {
  const r = size >> 1;
  const taps = Array.from({ length: size }, (_, i) => Math.exp(-((i - r) ** 2) / (2 * sigma ** 2)));
  const sum = taps.reduce((a, b) => a + b);
  return Float64Array.from(p.data, (_, i) => {
    const [x, y, c] = [i % p.width, Math.floor(i / p.width) % p.height, Math.floor(i / (p.width * p.height))];
    let total = 0;
    for (let j = -r; j <= r; j++)
      for (let k = -r; k <= r; k++)
        total +=
          (taps[j + r] as number) *
          (taps[k + r] as number) *
          at(p, c, fold(x + k, p.width, border), fold(y + j, p.height, border));
    return total / sum ** 2;
  });
}

describe('gaussianBlur', () => {
  test.each(['reflect-101', 'symmetric', 'replicate'] as const)(
    'is the sum of its definition, border %s',
    async (border) => {
      for (const [w, h, c] of [
        [1, 1, 1],
        [2, 3, 1],
        [17, 5, 3],
        [40, 23, 2],
      ] as const)
        for (const [sigma, size] of [
          [0.1, 1],
          [0.8, 7],
          [3, 19],
        ] as const) {
          const p = floats(w, h, c, w * 31 + h);
          const out = await gaussianBlur(p, { sigma, size, border });
          expect(worst(out.data, plainBlur(p, sigma, size, border))).toBeLessThanOrEqual((2 * size + 4) * EPS);
        }
    },
  );

  test('takes the smallest odd size >= 6 sigma + 1 by default', async () => {
    const p = floats(50, 40, 1);
    for (const [sigma, size] of [
      [0.5, 5],
      [1, 7],
      [2, 13],
      [2.1, 15],
    ] as const)
      expect((await gaussianBlur(p, { sigma })).data).toEqual((await gaussianBlur(p, { sigma, size })).data);
  });

  test('rounds bytes half up, channels interleaved', async () => {
    const p = bytes(floats(19, 11, 3));
    const planes = { ...p, data: new Float32Array(p.data.length) };
    p.data.forEach((v, i) => {
      planes.data[(i % 3) * 19 * 11 + Math.floor(i / 3)] = v;
    });
    const exact = plainBlur(planes, 1.5, 9, 'reflect-101');
    const out = await gaussianBlur(p, { sigma: 1.5, size: 9 });
    expect(out.data).toBeInstanceOf(Uint8Array);
    out.data.forEach((v, i) => {
      const e = exact[(i % 3) * 19 * 11 + Math.floor(i / 3)] as number;
      expect(Math.abs(v - e)).toBeLessThanOrEqual(0.5 + 255 * 22 * EPS);
    });
  });

  test('works in place, and into a given output, with the same result', async () => {
    const p = floats(33, 21, 3);
    const expected = (await gaussianBlur(p, { sigma: 2 })).data;
    const out = floats(33, 21, 3, 99);
    expect(await gaussianBlur(p, { sigma: 2, out })).toBe(out);
    expect(out.data).toEqual(expected);
    await gaussianBlur(p, { sigma: 2, out: p });
    expect(p.data).toEqual(expected);
  });
});

describe('resample', () => {
  test('has the weights of MATLAB: 4x4 to 3x3 (values of the pyiqa documentation)', async () => {
    const p = { data: Float32Array.from({ length: 16 }, (_, i) => i), width: 4, height: 4, channels: 1 };
    const out = await resample(p, { width: 3, height: 3 });
    const expected = [0.7506, 2.1004, 3.4503, 6.1501, 7.5, 8.8499, 11.5497, 12.8996, 14.2494];
    expect(worst(out.data, expected)).toBeLessThanOrEqual(5.1e-5); // printed with four decimals
  });

  test.each([
    [0.5, [-0.01171875, -0.03515625, 0.11328125, 0.43359375]],
    [
      0.25,
      [-0.001708984, -0.010986328, -0.018310547, -0.011962891, 0.022705078, 0.097412109, 0.181884766, 0.240966797],
    ],
  ] as const)('answers an impulse with the antialiased cubic, scale %d', async (scale, half) => {
    const taps = [...half, ...half.toReversed()];
    const n = 64;
    const first = n / 2 + 1 / scale / 2 - taps.length / 2; // of the output in the middle
    for (const [k, weight] of taps.entries()) {
      const data = new Float32Array(n);
      data[first + k] = 1;
      const out = await resample({ data, width: n, height: 1, channels: 1 }, { scaleX: scale, scaleY: 1 });
      expect(out.width).toBe(n * scale);
      expect(out.data[(n * scale) / 2] as number).toBeCloseTo(weight, 7);
    }
  });

  test.each(['cubic', 'linear', 'box', 'lanczos3', 'cubic-opencv'] as const)(
    'keeps a constant picture, up and down: %s',
    async (filter) => {
      const p = { ...floats(23, 17, 3), data: new Float32Array(23 * 17 * 3).fill(0.37) };
      for (const scale of [0.3, 0.5, 1, 1.7, 4]) {
        const out = await resample(p, { scaleX: scale, scaleY: scale, filter });
        expect([out.width, out.height]).toEqual([Math.ceil(23 * scale), Math.ceil(17 * scale)]);
        expect(worst(out.data, new Float32Array(out.data.length).fill(0.37))).toBeLessThanOrEqual(60 * EPS);
      }
    },
  );

  test('linear upsampling interpolates between neighbours', async () => {
    const p = { data: Float32Array.of(0, 1, 3), width: 3, height: 1, channels: 1 };
    const out = await resample(p, { scaleX: 2, scaleY: 1, filter: 'linear' });
    expect([...out.data]).toEqual([0, 0.25, 0.75, 1.5, 2.5, 3]);
  });
});

describe('degrade', () => {
  test.each(['reflect-101', 'symmetric', 'replicate'] as const)(
    'is blur, then resampling, blur border %s',
    async (border) => {
      for (const [w, h, scale, sigma] of [
        [40, 31, 0.25, 2],
        [23, 37, 0.5, 1],
        [9, 9, 0.5, 4],
      ] as const) {
        const p = floats(w, h, 2, w);
        const blurred = await gaussianBlur(p, { sigma, border });
        const steps = await resample(blurred, { scaleX: scale, scaleY: scale });
        const fused = await degrade(p, { sigma, blurBorder: border, scaleX: scale, scaleY: scale });
        expect([fused.width, fused.height]).toEqual([steps.width, steps.height]);
        expect(worst(fused.data, steps.data)).toBeLessThanOrEqual(300 * EPS);
      }
    },
  );
});

describe('addNoise', () => {
  const seed = 7;

  test('adds sigma times the normals of the positions', async () => {
    const p = floats(31, 9, 3);
    const n = await normalField({ out: new Float32Array(p.data.length), seed, stream: 5 });
    const out = await addNoise(p, { kind: 'gaussian', sigma: 0.2, seed, stream: 5, clip: false });
    const exact = p.data.map((v, i) => v + 0.2 * (n[i] as number));
    expect(worst(out.data, exact)).toBeLessThanOrEqual(4 * EPS);
    const clipped = await addNoise(p, { kind: 'gaussian', sigma: 0.2, seed, stream: 5 });
    expect(clipped.data).toEqual(out.data.map((v) => Math.max(0, Math.min(1, v))));
    const rounded = await addNoise(bytes(floats(31, 9, 3)), { kind: 'gaussian', sigma: 0, seed });
    expect(rounded.data).toEqual(bytes(floats(31, 9, 3)).data);
  });

  test.each(['gaussian', 'poisson'] as const)(
    'gives a tile the noise of its place in the picture: %s',
    async (kind) => {
      const p = floats(20, 12, 3);
      const how = kind === 'gaussian' ? { kind, sigma: 0.1, seed } : { kind, peak: 30, seed };
      const whole = await addNoise(p, how);
      const [x0, y0, w, h] = [7, 3, 9, 5];
      const cut = (from: PlanarF32) =>
        Float32Array.from({ length: w * h * 3 }, (_, i) =>
          at(from, Math.floor(i / (w * h)), x0 + (i % w), y0 + (Math.floor(i / w) % h)),
        );
      const tile = { data: cut(p), width: w, height: h, channels: 3 };
      const place = { pictureWidth: 20, pictureHeight: 12, offsetX: x0, offsetY: y0 };
      expect((await addNoise(tile, { ...how, ...place })).data).toEqual(cut(whole));
    },
  );

  test('Poisson samples are counts over the peak, with mean and variance of the signal', async () => {
    const peak = 40;
    const p = { data: new Float32Array(40_000).fill(0.3), width: 200, height: 200, channels: 1 };
    const out = await addNoise(p, { kind: 'poisson', peak, seed, clip: false });
    const counts = Array.from(out.data, (v) => v * peak);
    for (const k of counts.slice(0, 500)) expect(Math.abs(k - Math.round(k))).toBeLessThan(1e-5);
    const mean = counts.reduce((a, b) => a + b) / counts.length;
    const variance = counts.reduce((a, k) => a + (k - mean) ** 2, 0) / counts.length;
    expect(Math.abs(mean - 12)).toBeLessThan(0.07); // 4 standard errors of the mean, sqrt(12 / 40000)
    expect(Math.abs(variance - 12)).toBeLessThan(0.4);
  });

  test('grey noise is one plane for all channels', async () => {
    const p = { data: new Float32Array(60).fill(0.5), width: 5, height: 4, channels: 3 };
    const { data } = await addNoise(p, { kind: 'gaussian', sigma: 0.1, seed, grey: true });
    expect(data.slice(20, 40)).toEqual(data.slice(0, 20));
    expect(data.slice(40)).toEqual(data.slice(0, 20));
  });
});

describe('denoiseStep', () => {
  const n = 1037; // not a multiple of any vector
  const vector = (seed: number) => Float32Array.from(floats(n, 1, 1, seed).data, (v) => 2 * v - 1);
  const [z, m, mu, h, noise] = [vector(1), vector(2), vector(3), vector(4), vector(5)] as const;
  const get = (v: Float32Array, i: number) => v[i] as number;

  test('is its formula with every operand in use, and gives the clean prediction', async () => {
    const k = { a: 1.1, b: -0.3, c: 0.9, d: -0.4, g: 0.2, q: 0.5, r: 0.6, s: 3, sigma: 0.7 };
    const x0 = new Float32Array(n);
    const out = await denoiseStep({ z, m, mu, h, n: noise, out: new Float32Array(n), x0, ...k });
    let clipped = 0;
    for (let i = 0; i < n; i++) {
      const model = get(mu, i) + k.s * (get(m, i) - get(mu, i));
      const free = k.c * get(z, i) + k.d * model;
      const clean = Math.max(-k.r, Math.min(k.r, free));
      if (clean !== free) clipped++;
      expect(Math.abs(get(x0, i) - clean)).toBeLessThanOrEqual(16 * EPS * 4);
      const exact = k.a * get(z, i) + k.b * model + k.q * clean + k.g * get(h, i) + k.sigma * get(noise, i);
      expect(Math.abs(get(out, i) - exact)).toBeLessThanOrEqual(16 * EPS * 8);
    }
    expect(clipped).toBeGreaterThan(10);
  });

  test('the made noise is that of the position, offset included', async () => {
    const key = { seed: 3n, stream: 8, step: 17, offset: 6n };
    const made = await denoiseStep({ z, out: new Float32Array(n), a: 0.5, sigma: 0.25, ...key });
    const given = await denoiseStep({
      z,
      out: new Float32Array(n),
      a: 0.5,
      sigma: 0.25,
      n: await normalField({ out: new Float32Array(n), ...key }),
    });
    expect(made).toEqual(given);
  });

  test('out may be any one of the inputs', async () => {
    const k = { a: 1.1, b: -0.3, g: 0.2, s: 3, sigma: 0.7 };
    const expected = await denoiseStep({ z, m, mu, h, n: noise, out: new Float32Array(n), ...k });
    for (const which of ['z', 'm', 'mu', 'h', 'n'] as const) {
      const operands = { z: z.slice(), m: m.slice(), mu: mu.slice(), h: h.slice(), n: noise.slice() };
      expect(await denoiseStep({ ...operands, out: operands[which], ...k })).toEqual(expected);
    }
  });

  test('takes views into larger buffers, at any offset', async () => {
    for (const offset of [1, 2, 3, 5]) {
      const big = new Float32Array(n + 16).fill(-9);
      const out = await denoiseStep({ z, m, out: big.subarray(offset, offset + n), a: 2, b: 1 });
      expect(out).toEqual(await denoiseStep({ z, m, out: new Float32Array(n), a: 2, b: 1 }));
      expect([big[offset - 1], big[offset + n]]).toEqual([-9, -9]); // nothing beside it was touched
    }
  });
});

describe('compare', () => {
  test('equal pictures have no error and similarity 1 exactly', async () => {
    const p = bytes(floats(40, 30, 3));
    const { mse, ssim, contrast } = await compare(p, { ...p, data: p.data.slice() });
    expect([...mse, ...ssim, ...contrast]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  test('two constants have the error and the luminance term that the formula gives', async () => {
    const flat = (v: number) => ({ data: new Uint8Array(16 * 16).fill(v), width: 16, height: 16, channels: 1 });
    const { mse, ssim, contrast } = await compare(flat(100), flat(110));
    const c1 = (0.01 * 255) ** 2;
    expect(mse[0]).toBe(100);
    expect(contrast[0]).toBeCloseTo(1, 12);
    expect(ssim[0]).toBeCloseTo((2 * 100 * 110 + c1) / (100 ** 2 + 110 ** 2 + c1), 12);
  });

  test('a picture of one window has the SSIM of that window', async () => {
    const [a, b] = [floats(11, 11, 1, 3), floats(11, 11, 1, 4)];
    const g = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / 4.5));
    const total = g.reduce((x, y) => x + y) ** 2;
    const mean = (f: (x: number, y: number) => number) =>
      a.data.reduce(
        (sum, v, i) =>
          sum +
          (((g[i % 11] as number) * (g[Math.floor(i / 11)] as number)) / total) *
            f(255 * v, 255 * (b.data[i] as number)),
        0,
      );
    const [mx, my] = [mean((x) => x), mean((_, y) => y)];
    const [vx, vy] = [mean((x) => (x - mx) ** 2), mean((_, y) => (y - my) ** 2)];
    const cov = mean((x, y) => (x - mx) * (y - my));
    const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
    const exact = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx ** 2 + my ** 2 + c1) * (vx + vy + c2));
    expect((await compare(a, b)).ssim[0]).toBeCloseTo(exact, 10);
  });

  test('luma, crop and switched-off SSIM are what they say', async () => {
    const [a, b] = [bytes(floats(20, 14, 3, 1)), bytes(floats(20, 14, 3, 2))];
    const y = (p: InterleavedU8, i: number) => {
      const [r, g, b] = [0, 1, 2].map((c) => (p.data[3 * i + c] as number) / 255) as [number, number, number];
      return 65.481 * r + 128.553 * g + 24.966 * b + 16;
    };
    const inside = Array.from({ length: 20 * 14 }, (_, i) => i).filter(
      (i) => i % 20 >= 2 && i % 20 < 18 && i >= 40 && i < 240,
    );
    const exact = inside.reduce((sum, i) => sum + (y(a, i) - y(b, i)) ** 2, 0) / inside.length;
    const { mse, ssim } = await compare(a, b, { colour: 'y-studio', crop: 2, ssim: false });
    expect(mse[0]).toBeCloseTo(exact, 8);
    expect(ssim).toEqual(Float64Array.of(Number.NaN));
  });
});

describe('niqeFeatures', () => {
  test('has 36 numbers a block, finite where there is texture and NaN where it is flat', async () => {
    const p = floats(200, 110, 1);
    for (let y = 0; y < 110; y++) p.data.fill(0.5, y * 200 + 80, y * 200 + 200); // the second block, with some room
    const { features, blocks } = await niqeFeatures(p, { colour: 'y-studio-rounded' });
    expect([blocks, features.length]).toEqual([2, 72]);
    expect(features.slice(0, 36).every(Number.isFinite)).toBe(true);
    expect(features.slice(36).some(Number.isNaN)).toBe(true);
  });

  test('white noise, divided by its local deviation, is flatter than a Gaussian', async () => {
    const side = 96;
    const n = await normalField({ out: new Float32Array(side * side), seed: 1 });
    const p = { data: n.map((v) => 0.5 + 0.1 * v), width: side, height: side, channels: 1 };
    const { features } = await niqeFeatures(p);
    expect(features[0] as number).toBeGreaterThan(2.2); // 2 is a Gaussian
    expect(features[0] as number).toBeLessThan(4);
  });

  test('a picture of three equal channels has the features of the grey one', async () => {
    const grey = bytes(floats(96, 96, 1));
    const rgb = {
      ...grey,
      channels: 3,
      data: Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => grey.data[Math.floor(i / 3)] as number),
    };
    expect((await niqeFeatures(rgb)).features).toEqual((await niqeFeatures(grey)).features);
  });
});
