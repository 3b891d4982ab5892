import { planFft } from './fft.js';

/** Borders under which a symmetric kernel is diagonal in a cosine basis. */
export type EvenBorder = 'reflect-101' | 'symmetric';

/**
 * The cosine basis that goes with a border on a line of n samples. A line extended by its border is even and periodic (period 2n - 2 for
 * reflect-101, 2n for symmetric), so blurring it with a symmetric kernel, whatever its radius, multiplies each coefficient by the kernel's
 * response at that frequency: exactly the degradation's operator, with no wrap-around.
 */
export interface CosineBasis {
  readonly length: number;
  /** Angular frequency of each coefficient, radians a sample, 0..pi. */
  readonly frequencies: Float64Array;
  /** Coefficients of two lines at once, in place (DCT-I or DCT-II, unscaled). */
  forward(a: Float64Array, b: Float64Array): void;
  /** Lines from coefficients, in place. */
  inverse(a: Float64Array, b: Float64Array): void;
}

export function cosineBasis(length: number, border: EvenBorder): CosineBasis {
  if (border === 'symmetric') return halfSample(length);
  // A line of one sample is constant under any border.
  return length === 1 ? { length, frequencies: Float64Array.of(0), forward() {}, inverse() {} } : wholeSample(length);
}

/**
 * reflect-101: even about the first and the last sample (DCT-I), X_k = f_0 + (-1)^k f_N + 2 sum f_j cos(pi j k / N) with N = n - 1, by one
 * complex transform of length N for both lines. With y_j = (f_j + f_N-j) / 2 - sin(pi j / N) (f_j - f_N-j), the cosine sums of y are the even
 * coefficients, and its sine sums the differences of neighbouring odd ones.
 */
function wholeSample(length: number): CosineBasis {
  const n = length - 1;
  const fft = planFft(n);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const sin = Float64Array.from({ length: n }, (_, j) => Math.sin((Math.PI * j) / n));
  const cos = Float64Array.from({ length: n }, (_, j) => Math.cos((Math.PI * j) / n));
  /** Into `folded`, the y above; returns X_1. */
  const foldLine = (line: Float64Array, folded: Float64Array): number => {
    let first = 0.5 * (line[0]! - line[n]!);
    for (let j = 0; j < n; j++) {
      const [here, there] = [line[j]!, line[n - j]!];
      folded[j] = 0.5 * (here + there) - sin[j]! * (here - there);
      if (j > 0) first += here * cos[j]!;
    }
    return 2 * first;
  };
  const transform = (a: Float64Array, b: Float64Array, scale: number) => {
    let [oddA, oddB] = [foldLine(a, re), foldLine(b, im)];
    fft.run(re, im);
    // The spectra of the two real lines, told apart by their symmetry.
    for (let k = 0; 2 * k <= n; k++) {
      const m = k === 0 ? 0 : n - k;
      a[2 * k] = (re[k]! + re[m]!) * scale;
      b[2 * k] = (im[k]! + im[m]!) * scale;
      if (2 * k + 1 > n) break;
      oddA -= im[k]! - im[m]!;
      oddB += re[k]! - re[m]!;
      a[2 * k + 1] = oddA * scale;
      b[2 * k + 1] = oddB * scale;
    }
  };
  return {
    length,
    frequencies: Float64Array.from({ length }, (_, k) => (Math.PI * k) / n),
    forward: (a, b) => transform(a, b, 1),
    inverse: (a, b) => transform(a, b, 1 / (2 * n)),
  };
}

/** symmetric: even about half a sample before the first and after the last (DCT-II). */
function halfSample(length: number): CosineBasis {
  const period = 2 * length;
  const fft = planFft(period);
  const re = new Float64Array(period);
  const im = new Float64Array(period);
  const cos = Float64Array.from({ length: period }, (_, k) => Math.cos((Math.PI * k) / period));
  const sin = Float64Array.from({ length: period }, (_, k) => Math.sin((Math.PI * k) / period));
  return {
    length,
    frequencies: Float64Array.from({ length }, (_, k) => (Math.PI * k) / length),
    forward(a, b) {
      for (let i = 0; i < length; i++) {
        re[i] = re[period - 1 - i] = a[i]!;
        im[i] = im[period - 1 - i] = b[i]!;
      }
      fft.run(re, im);
      // The extension is even about -1/2: a delay of half a sample makes its spectrum real.
      for (let k = 0; k < length; k++) {
        const r = re[k]!;
        const i = im[k]!;
        a[k] = r * cos[k]! + i * sin[k]!;
        b[k] = i * cos[k]! - r * sin[k]!;
      }
    },
    inverse(a, b) {
      // Conjugated spectrum, advanced again, so that a forward transform inverts; coefficients are odd about the period's middle.
      for (let k = 0; k < period; k++) {
        const mirrored = k > length;
        const s = k === length ? 0 : mirrored ? -1 : 1;
        const j = mirrored ? period - k : k % length;
        const r = s * a[j]!;
        const i = s * b[j]!;
        re[k] = r * cos[k]! - i * sin[k]!;
        im[k] = -(r * sin[k]! + i * cos[k]!);
      }
      fft.run(re, im);
      for (let i = 0; i < length; i++) {
        a[i] = re[i]! / period;
        b[i] = -im[i]! / period;
      }
    },
  };
}

/** Response of a symmetric kernel (`taps` from one end to the other, odd count) at each frequency: real, 1 at frequency 0. */
export function response(taps: Float64Array, frequencies: Float64Array): Float64Array {
  const radius = (taps.length - 1) / 2;
  return frequencies.map((omega) => {
    let sum = taps[radius]!;
    for (let j = 1; j <= radius; j++) sum += 2 * taps[radius + j]! * Math.cos(j * omega);
    return sum;
  });
}

/** The degradation's kernel: sampled Gaussian of `size` taps, renormalised. */
export function gaussianTaps(sigma: number, size: number): Float64Array {
  const radius = (size - 1) / 2;
  const taps = Float64Array.from({ length: size }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}
