import { describe, expect, test } from '@jest/globals';
import { random } from '../image/testing/pictures.js';
import { blurred, type Luma } from './detail-luma.js';
import { BAND_EDGES, spectralLoss } from './detail-spectrum.js';

/** White noise of a deviation around 1/2: power at every frequency alike. */
function noise(seed: number, deviation: number, width = 96, height = 120): Luma {
  const next = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return { width, height, data: Float64Array.from({ length: width * height }, () => 0.5 + deviation * normal()) };
}

const sum = (a: Luma, b: Luma, times = 1): Luma => ({
  ...a,
  data: a.data.map((v, i) => v + times * (b.data[i]! - 0.5)),
});

test('the bands are half octaves up to the limit of the grid', () => {
  expect(BAND_EDGES[0]).toBeCloseTo(1 / 64, 12);
  expect(BAND_EDGES.at(-1)).toBe(0.5);
  for (let i = 0; i + 2 < BAND_EDGES.length; i++) expect(BAND_EDGES[i + 2]! / BAND_EDGES[i]!).toBeCloseTo(2, 12);
});

describe('spectral loss', () => {
  test('of a picture and itself: all power retained, no error', async () => {
    const picture = noise(1, 0.1);
    for (const { retained, error } of await spectralLoss(picture, picture)) {
      expect(retained).toBe(1);
      expect(error).toBe(0);
    }
  });

  test('of half the contrast: a quarter of the power, and a quarter wrong, in every band', async () => {
    const picture = noise(2, 0.1);
    const half = { ...picture, data: picture.data.map((v) => 0.5 + (v - 0.5) / 2) };
    for (const { retained, error } of await spectralLoss(picture, half)) {
      expect(retained).toBeCloseTo(0.25, 10);
      expect(error).toBeCloseTo(0.25, 10);
    }
  });

  test('of a blurred picture: what the kernel takes from each band, exp(-(2 pi f sigma)^2) of the power', async () => {
    const sigma = 1.2;
    const picture = noise(3, 0.1, 256, 240); // enough places in each band that chance is small
    for (const { frequency, retained, error } of await spectralLoss(picture, blurred(picture, sigma))) {
      // Over the band, weighted as the places of a plane lie, by the ring's radius.
      const [low, high] = [frequency * 2 ** -0.25, frequency * 2 ** 0.25];
      const mean = (value: (h: number) => number) => {
        let [top, bottom] = [0, 0];
        for (let i = 0; i < 200; i++) {
          const f = low + ((i + 0.5) / 200) * (high - low);
          top += f * value(Math.exp(-2 * (Math.PI * f * sigma) ** 2));
          bottom += f;
        }
        return top / bottom;
      };
      expect(Math.abs(retained! - mean((h) => h * h))).toBeLessThan(0.02);
      expect(Math.abs(error! - mean((h) => (1 - h) ** 2))).toBeLessThan(0.02);
    }
  });

  test('of white noise added: as much power as it has, most where the picture has least', async () => {
    const smooth = blurred(noise(4, 0.5), 2);
    const bands = await spectralLoss(smooth, sum(smooth, noise(5, 0.05)));
    const last = bands.at(-1)!;
    expect(last.retained!).toBeGreaterThan(100);
    expect(last.error! / last.retained!).toBeCloseTo(1, 1);
    expect(bands[0]!.retained!).toBeLessThan(1.5);
    const white = noise(6, 0.1);
    const places = (low: number, high: number) => (Math.PI * (high ** 2 - low ** 2) * white.data.length) / 2;
    for (const [b, { retained, error }] of (await spectralLoss(white, sum(white, noise(7, 0.1)))).entries()) {
      // Four deviations of chance: independent places of a band are half of all, and fewer by the window (a Hann's 1.5 along each axis).
      const chance = 4 / Math.sqrt(places(BAND_EDGES[b]!, BAND_EDGES[b + 1]!) / 1.5 ** 2);
      if (chance > 1) continue;
      expect(Math.abs(retained! - 2)).toBeLessThan(1.5 * chance);
      expect(Math.abs(error! - 1)).toBeLessThan(1.5 * chance);
    }
  });

  test('of a grating: its band alone has power, of a flat picture none has', async () => {
    const [width, height] = [128, 64];
    const grating = (contrast: number): Luma => ({
      width,
      height,
      data: Float64Array.from(
        { length: width * height },
        (_, i) => 0.5 + contrast * Math.cos((Math.PI * (i % width)) / 4),
      ),
    });
    const bands = await spectralLoss(grating(0.2), grating(0.1));
    const own = bands.findIndex((_, b) => BAND_EDGES[b]! <= 0.125 && 0.125 < BAND_EDGES[b + 1]!);
    expect(bands[own]!.retained).toBeCloseTo(0.25, 6);
    expect((await spectralLoss(grating(0), grating(0.1))).every(({ retained }) => retained === null)).toBe(true);
  });

  test('borders that do not continue each other are no detail: a slope has none at high frequencies', async () => {
    const slope: Luma = {
      width: 96,
      height: 96,
      data: Float64Array.from({ length: 96 * 96 }, (_, i) => (i % 96) / 96),
    };
    const speck = noise(8, 0.002, 96, 96);
    // Without the window the step at the border would dwarf the noise there.
    expect((await spectralLoss(slope, sum(slope, speck))).at(-1)!.error!).toBeGreaterThan(10);
  });

  test('is heard to stop', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(spectralLoss(noise(1, 0.1), noise(2, 0.1), controller.signal)).rejects.toThrow('enough');
  });
});
