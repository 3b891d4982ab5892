import type { Image } from '../../image/contract.js';
import { onColumns, onRows } from './coefficients.js';
import { type CosineBasis, cosineBasis, type EvenBorder, gaussianTaps, response } from './cosine.js';

export interface WienerKernel {
  readonly sigma: number;
  readonly size: number;
  readonly border: EvenBorder;
}

/** Noise-to-signal power N / S = nsr x f^power, f the radial frequency with 1 at the Nyquist limit of an axis. */
export interface NoiseToSignal {
  readonly nsr: number;
  readonly power: number;
}

interface Plan {
  readonly width: number;
  readonly height: number;
  readonly rows: CosineBasis;
  readonly columns: CosineBasis;
  /** Gain for coefficient (u, v), row by row as the planes. */
  readonly gain: Float64Array;
}

function plan(
  width: number,
  height: number,
  { sigma, size, border }: WienerKernel,
  { nsr, power }: NoiseToSignal,
): Plan {
  const rows = cosineBasis(width, border);
  const columns = cosineBasis(height, border);
  const taps = gaussianTaps(sigma, size);
  const [hx, hy] = [response(taps, rows.frequencies), response(taps, columns.frequencies)];
  const gain = new Float64Array(width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const h = hx[u]! * hy[v]!;
      const f = Math.hypot(rows.frequencies[u]!, columns.frequencies[v]!) / Math.PI;
      gain[v * width + u] = h / (h * h + nsr * f ** power);
    }
  }
  gain[0] = 1; // blurring keeps the mean: it is known, not estimated
  return { width, height, rows, columns, gain };
}

async function filterPlane(
  data: Float64Array,
  { width, height, rows, columns, gain }: Plan,
  signal?: AbortSignal,
): Promise<void> {
  const plane = { data, width, height };
  await onRows(plane, rows.forward, signal);
  const filter = (a: Float64Array, b: Float64Array, x: number, x1: number) => {
    columns.forward(a, b);
    for (let v = 0; v < height; v++) {
      a[v]! *= gain[v * width + x]!;
      b[v]! *= gain[v * width + x1]!;
    }
    columns.inverse(a, b);
  };
  await onColumns(plane, filter, signal);
  await onRows(plane, rows.inverse, signal);
}

/**
 * Wiener deconvolution of each channel: coefficient by coefficient X = Y H / (H^2 + N/S) in the cosine basis in which the degradation's own
 * blur, border included, is diagonal (DCT-I for reflect-101, DCT-II for symmetric). Double precision; the result is clipped to [0, 1].
 * Source: Wiener 1949; Gonzalez and Woods, "Digital Image Processing" (parametric form).
 */
export async function wienerDeconvolve(
  image: Image,
  kernel: WienerKernel,
  ratio: NoiseToSignal,
  options: { readonly signal?: AbortSignal; readonly onChannel?: (done: number) => void } = {},
): Promise<Image> {
  const { width, height, channels } = image;
  const steps = plan(width, height, kernel, ratio);
  const count = width * height;
  const data = new Float32Array(image.data.length);
  for (let c = 0; c < channels; c++) {
    const plane = Float64Array.from(image.data.subarray(c * count, (c + 1) * count));
    await filterPlane(plane, steps, options.signal);
    for (let i = 0; i < count; i++) data[c * count + i] = Math.min(1, Math.max(0, plane[i]!));
    options.onChannel?.(c + 1);
  }
  return { ...image, data, depth: 32 };
}
