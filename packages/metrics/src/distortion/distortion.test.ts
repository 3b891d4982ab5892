import { type Image, type MetricInput, type Score, toDepth, toRgb } from '@ir/core';
import { describe, expect, test } from '@jest/globals';
import { METRICS, metricNamed } from '../registry.js';
import { flatImage, noisy, wavyImage } from '../testing/pictures.js';
import {
  halved,
  lumaPlane,
  psnr,
  rgbPlanes,
  type SsimOptions,
  ssim,
  UNIFORM7,
  volumeSsim,
} from '../testing/reference.js';

const score = (alias: string, input: MetricInput, crop = 0): Promise<Score> =>
  metricNamed(alias).create({ crop }).score(input);
const value = async (alias: string, input: MetricInput, crop = 0): Promise<number> =>
  (await score(alias, input, crop)).value!;

type Oracle = (a: Image, b: Image, crop: number) => number;
const onLuma = (kind: Parameters<typeof lumaPlane>[1], rounded: boolean) => (image: Image, crop: number) => [
  lumaPlane(image, kind, rounded, crop),
];
const planesOf = {
  rgb: rgbPlanes,
  y: onLuma('y-studio', false),
  yRounded: onLuma('y-studio', true),
  yFull: onLuma('y-full', true),
  gray: onLuma('gray', true),
};
const psnrOn =
  (planes: (image: Image, crop: number) => ReturnType<typeof rgbPlanes>): Oracle =>
  (a, b, crop) =>
    psnr(planes(a, crop), planes(b, crop));
const ssimOn =
  (planes: (image: Image, crop: number) => ReturnType<typeof rgbPlanes>, options: SsimOptions = {}): Oracle =>
  (a, b, crop) => {
    const [as, bs] = [planes(a, crop), planes(b, crop)];
    return as.reduce((sum, plane, c) => sum + ssim(plane, bs[c]!, options).ssim, 0) / as.length;
  };

const ORACLES: Readonly<Record<string, Oracle>> = {
  psnr: psnrOn(planesOf.rgb),
  'psnr-y': psnrOn(planesOf.y),
  'psnr-y-rounded': psnrOn(planesOf.yRounded),
  'psnr-y-full': psnrOn(planesOf.yFull),
  ssim: ssimOn(planesOf.rgb),
  'ssim-y': ssimOn(planesOf.y),
  'ssim-y-pyiqa': ssimOn(planesOf.yRounded, { clampContrast: true }),
  'ssim-gray': ssimOn(planesOf.gray),
  'ssim-same': ssimOn(planesOf.rgb, { zeroPadded: true }),
  'ssim-skimage': ssimOn(planesOf.rgb, { window: UNIFORM7, moments: 49 / 48 }),
  'ssim-matlab3d': (a, b, crop) => volumeSsim(rgbPlanes(a, crop), rgbPlanes(b, crop)),
};

const SHAPES = [
  { width: 19, height: 12, channels: 3, depth: 8 },
  { width: 11, height: 23, channels: 1, depth: 8 },
  { width: 16, height: 13, channels: 3, depth: 16 },
  { width: 13, height: 17, channels: 3, depth: 32 },
] as const;

describe.each(Object.entries(ORACLES))('%s', (alias, oracle) => {
  test.each(SHAPES.flatMap((shape, i) => [0, 1].map((crop) => ({ ...shape, crop, seed: 10 * i + crop }))))(
    'equals the plain double-precision version at $width x $height x $channels, $depth bit, crop $crop, seed $seed',
    async ({ crop, seed, ...shape }) => {
      const grown = { ...shape, width: shape.width + 2 * crop, height: shape.height + 2 * crop };
      const reference = wavyImage(seed, grown);
      const image = noisy(reference, seed + 1, 0.3);
      const got = await value(alias, { reference, image }, crop);
      expect(Math.abs(got - oracle(reference, image, crop))).toBeLessThan(1e-9);
    },
  );
});

describe('ms-ssim', () => {
  test.each([{ width: 165, height: 163, crop: 1 }])(
    'is the product of the contrasts of four scales and SSIM at the fifth, at $width x $height, crop $crop',
    async ({ width, height, crop }) => {
      const reference = wavyImage(21, { width, height });
      const image = noisy(reference, 22, 0.5);
      let [a, b] = [lumaPlane(reference, 'gray', true, crop), lumaPlane(image, 'gray', true, crop)];
      let expected = 1;
      for (const [i, exponent] of [0.0448, 0.2856, 0.3001, 0.2363, 0.1333].entries()) {
        const scale = ssim(a, b, { clampContrast: true });
        expected *= (i < 4 ? scale.contrast : scale.ssim) ** exponent;
        [a, b] = [halved(a), halved(b)];
      }
      expect(await value('ms-ssim', { reference, image }, crop)).toBeCloseTo(expected, 10);
    },
  );

  test('needs 161 pixels a side; identical pictures give 1', async () => {
    const shape = { width: 200, height: 160 };
    const reference = wavyImage(1, shape);
    expect(await score('ms-ssim', { reference, image: noisy(reference, 2) })).toEqual({
      value: null,
      reason: 'too-small',
    });
    const same = wavyImage(1, { width: 161, height: 161 });
    expect(await score('ms-ssim', { reference: same, image: { ...same } })).toEqual({ value: 1 });
  });
});

describe('pictures of different kinds', () => {
  const reference = wavyImage(7, { width: 24, height: 18, channels: 1 });
  const image = noisy(reference, 8);

  test.each(Object.keys(ORACLES))('%s takes grey as R = G = B', async (alias) => {
    const colour = { reference: toRgb(reference), image: toRgb(image) };
    const expected = await value(alias, colour);
    expect(await value(alias, { reference, image })).toBeCloseTo(expected, 10);
    expect(await value(alias, { reference, image: toRgb(image) })).toBeCloseTo(expected, 10);
  });

  test('16-bit samples keep their precision: one level of 65535 apart is 96.3 dB, not identical', async () => {
    const deep = wavyImage(3, { width: 64, height: 64, depth: 16 });
    const next = {
      ...deep,
      data: deep.data.map((v) => Math.fround((Math.round(v * 65535) + (v < 0.5 ? 1 : -1)) / 65535)),
    };
    expect(Math.abs((await value('psnr', { reference: deep, image: next })) - 20 * Math.log10(65535))).toBeLessThan(
      1e-4,
    );
  });

  test('an 8-bit and a 16-bit picture of the same values are identical', async () => {
    expect(await score('psnr', { reference, image: toDepth({ ...reference, depth: 32 }, 16) })).toEqual({
      value: null,
      reason: 'identical',
    });
  });

  test('a crop leaves out exactly the frame', async () => {
    const { width, height } = image;
    const framed = image.data.map((v, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return x < 2 || y < 2 || x >= width - 2 || y >= height - 2 ? 1 : v;
    });
    expect(await value('psnr', { reference, image: { ...image, data: framed } }, 2)).toBe(
      await value('psnr', { reference, image }, 2),
    );
    expect(await value('psnr', { reference, image: { ...image, data: framed } }, 1)).not.toBe(
      await value('psnr', { reference, image }, 1),
    );
  });
});

describe('what has no number', () => {
  const pair = (shape: Parameters<typeof wavyImage>[1]) => ({
    reference: wavyImage(1, shape),
    image: noisy(wavyImage(1, shape), 2),
  });

  test('identical pictures: PSNR has none, SSIM is exactly 1', async () => {
    const reference = wavyImage(1, { width: 40, height: 30 });
    for (const alias of Object.keys(ORACLES))
      expect(await score(alias, { reference, image: { ...reference } })).toEqual(
        alias.startsWith('psnr') ? { value: null, reason: 'identical' } : { value: 1 },
      );
  });

  test.each(['ssim', 'ssim-y', 'ssim-gray', 'ssim-y-pyiqa'])(
    '%s needs a window of 11 inside the picture',
    async (alias) => {
      expect(await score(alias, pair({ width: 10, height: 40 }))).toEqual({ value: null, reason: 'too-small' });
      expect(await score(alias, pair({ width: 12, height: 40 }), 1)).toEqual({ value: null, reason: 'too-small' });
      expect((await score(alias, pair({ width: 11, height: 11 }))).value).toEqual(expect.any(Number));
    },
  );

  test('ssim-skimage needs 7 pixels, ssim-same and ssim-matlab3d one; a crop that leaves none is too small for all', async () => {
    expect(await score('ssim-skimage', pair({ width: 6, height: 9 }))).toEqual({ value: null, reason: 'too-small' });
    expect((await score('ssim-skimage', pair({ width: 7, height: 7 }))).value).toEqual(expect.any(Number));
    for (const alias of ['ssim-same', 'ssim-matlab3d'])
      expect((await score(alias, pair({ width: 1, height: 1 }))).value).toEqual(expect.any(Number));
    for (const alias of Object.keys(ORACLES))
      expect(await score(alias, pair({ width: 12, height: 8 }), 4)).toEqual({ value: null, reason: 'too-small' });
  });

  test('a sample that is not a number', async () => {
    const { reference, image } = pair({ width: 20, height: 20, depth: 32 });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      for (const alias of Object.keys(ORACLES)) {
        const spoilt = { ...image, data: image.data.slice().fill(bad, 5, 6) };
        expect(await score(alias, { reference, image: spoilt })).toEqual({ value: null, reason: 'not-finite' });
      }
  });

  test('no reference', async () => {
    const image = wavyImage(1, { width: 20, height: 20 });
    for (const { alias, needs } of METRICS.filter((m) => m.needs.reference))
      expect([alias, needs.reference, await score(alias, { image })]).toEqual([
        alias,
        true,
        { value: null, reason: 'no-reference' },
      ]);
  });

  test('flat pictures of different level still have numbers', async () => {
    const [a, b] = [flatImage(0, { width: 20, height: 20 }), flatImage(1, { width: 20, height: 20 })];
    expect(await value('psnr', { reference: a, image: b })).toBe(0);
    expect(await value('ssim', { reference: a, image: b })).toBeCloseTo(
      (0.01 * 255) ** 2 / (255 * 255 + (0.01 * 255) ** 2),
      12,
    );
  });
});

describe('what is refused', () => {
  const reference = wavyImage(1, { width: 20, height: 20 });

  test('transparency, other sizes, another range, a bad crop: typed errors that name the picture', async () => {
    const alpha = new Float32Array(400).fill(1).fill(0.5, 7, 8);
    const refused: [MetricInput, string, RegExp][] = [
      [{ reference, image: { ...reference, alpha } }, 'IR_E_FORMAT', /output: expected an opaque picture/],
      [{ reference: { ...reference, alpha }, image: reference }, 'IR_E_FORMAT', /reference: expected an opaque/],
      [
        { reference, image: wavyImage(1, { width: 19, height: 20 }) },
        'IR_E_SIZE',
        /output: expected the size of reference/,
      ],
      [
        { reference, image: { ...reference, depth: 32, data: reference.data.map((v) => v * 255) } },
        'IR_E_FORMAT',
        /samples in \[0, 1\]/,
      ],
      [{ reference, image: { ...reference, data: reference.data.slice(1) } }, 'IR_E_SIZE', /1200 samples/],
    ];
    for (const [input, code, message] of refused)
      for (const alias of Object.keys(ORACLES))
        await expect(score(alias, input)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    for (const crop of [-1, 1.5, Number.NaN])
      expect(() => metricNamed('psnr').create({ crop })).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
  });

  test('an opaque alpha plane is no transparency', async () => {
    const image = { ...noisy(reference, 3), alpha: new Float32Array(400).fill(1) };
    expect(await value('psnr', { reference, image })).toBeGreaterThan(0);
  });

  test('an aborted call rejects with the reason', async () => {
    const reason = new Error('enough');
    await expect(score('ssim', { reference, image: reference, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});
