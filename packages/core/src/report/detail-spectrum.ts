import { setImmediate } from 'node:timers/promises';
import { type Fft, planFft } from '../restorer/classical/fft.js';
import type { Luma } from './detail-luma.js';

/** What became of a band of frequencies; null where the original has no power in it (or the picture no frequency). */
export interface BandLoss {
  /** Geometric middle of the band, cycles per pixel. */
  readonly frequency: number;
  /** Power of the output / power of the original: below 1 lost, above 1 added. */
  readonly retained: number | null;
  /** Power of (output - original) / power of the original: 0 where nothing changed, 1 where as much is wrong as was there. */
  readonly error: number | null;
}

/** Half octaves from 1/64 to 1/2 cycles per pixel. Diagonal frequencies beyond 1/2 belong to no band: not all directions have them. */
export const BAND_EDGES: readonly number[] = Array.from({ length: 11 }, (_, i) => 0.5 * 2 ** ((i - 10) / 2));

/** Periodic Hann: sin^2(pi i / n). */
const hann = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.sin((Math.PI * i) / n) ** 2);

/** The band of each place along both axes; -1: none. */
function bandOf(fx: number, fy: number): number {
  const f = Math.hypot(fx, fy);
  if (f < BAND_EDGES[0]! || f > 0.5) return -1;
  return Math.min(BAND_EDGES.length - 2, Math.floor(2 * Math.log2(f / BAND_EDGES[0]!) + 1e-9));
}

const frequency = (k: number, n: number) => (k <= n / 2 ? k : k - n) / n;

/** In place; the signal is heard between lines. */
async function transform(re: Float64Array, im: Float64Array, width: number, height: number, signal?: AbortSignal) {
  const pass = async (fft: Fft, lines: number, at: (line: number, i: number) => number) => {
    const [a, b] = [new Float64Array(fft.size), new Float64Array(fft.size)];
    for (let line = 0; line < lines; line++) {
      if (line % 64 === 0) await breathe(signal);
      for (let i = 0; i < fft.size; i++) {
        a[i] = re[at(line, i)]!;
        b[i] = im[at(line, i)]!;
      }
      fft.run(a, b);
      for (let i = 0; i < fft.size; i++) {
        re[at(line, i)] = a[i]!;
        im[at(line, i)] = b[i]!;
      }
    }
  };
  await pass(planFft(width), height, (y, x) => y * width + x);
  await pass(planFft(height), width, (x, y) => y * width + x);
}

async function breathe(signal?: AbortSignal): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}

/** Less its mean under the window, so that what the window spreads around frequency 0 is no detail; windowed. */
function windowed({ data, width, height }: Luma): Float64Array {
  const [wx, wy] = [hann(width), hann(height)];
  let sum = 0;
  let weight = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const w = wx[x]! * wy[y]!;
      sum += w * data[y * width + x]!;
      weight += w;
    }
  const mean = weight > 0 ? sum / weight : 0;
  return data.map((value, i) => (value - mean) * wx[i % width]! * wy[Math.floor(i / width)]!);
}

/**
 * Radially averaged spectra of two lumas of one size, band by band: |F(w (y - m))|^2 with a Hann window w over the whole picture against its
 * borders, which do not continue each other, and m the mean under it; summed over the places of a band.
 */
export async function spectralLoss(original: Luma, output: Luma, signal?: AbortSignal): Promise<BandLoss[]> {
  const { width, height } = original;
  const count = width * height;
  // One transform for two real pictures: the original as real part, the error as imaginary part.
  const re = windowed(original);
  const im = windowed({ width, height, data: output.data.map((value, i) => value - original.data[i]!) });
  const unchanged = im.every((value) => value === 0);
  await transform(re, im, width, height, signal);
  const bands = BAND_EDGES.length - 1;
  const [power, kept, wrong] = [new Float64Array(bands), new Float64Array(bands), new Float64Array(bands)];
  for (let v = 0; v < height; v++)
    for (let u = 0; u < width; u++) {
      const band = bandOf(frequency(u, width), frequency(v, height));
      if (band < 0) continue;
      const i = v * width + u;
      const j = ((height - v) % height) * width + ((width - u) % width); // frequency -(u, v)
      const [xr, xi] = [(re[i]! + re[j]!) / 2, (im[i]! - im[j]!) / 2];
      const [er, ei] = [(im[i]! + im[j]!) / 2, (re[j]! - re[i]!) / 2];
      power[band]! += xr * xr + xi * xi;
      kept[band]! += (xr + er) ** 2 + (xi + ei) ** 2;
      wrong[band]! += er * er + ei * ei;
    }
  // Below what rounding leaves of a flat picture there is no power to compare with.
  const floor = count * count * 1e-24;
  return Array.from({ length: bands }, (_, b) => {
    const frequency = Math.sqrt(BAND_EDGES[b]! * BAND_EDGES[b + 1]!);
    if (power[b]! <= floor) return { frequency, retained: null, error: null };
    return unchanged
      ? { frequency, retained: 1, error: 0 }
      : { frequency, retained: kept[b]! / power[b]!, error: wrong[b]! / power[b]! };
  });
}

const mean = (values: readonly (number | null)[]): number | null => {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
};

/** Band by band the mean of several pictures' ratios; those without a value are left out. */
export const meanLoss = (all: readonly (readonly BandLoss[])[]): BandLoss[] =>
  (all[0] ?? []).map(({ frequency }, b) => ({
    frequency,
    retained: mean(all.map((bands) => bands[b]!.retained)),
    error: mean(all.map((bands) => bands[b]!.error)),
  }));
