/** NIQE's 36 features per block in plain double precision, written from the definition: the yardstick of the native kernel. */
import { resize } from './exact.mjs';

const TAPS = Float64Array.from({ length: 7 }, (_, i) => Math.exp(-((i - 3) ** 2) / (2 * (7 / 6) ** 2)));
const NORM = TAPS.reduce((a, b) => a + b);
const clamp = (i, n) => Math.max(0, Math.min(n - 1, i));

/** Lanczos approximation of the gamma function, x > 0. */
function gamma(x) {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const g = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  const y = x - 1;
  const sum = g.reduce((s, c, i) => s + c / (y + i + 1), 0.9999999999998099);
  const t = y + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (y + 0.5) * Math.exp(-t) * sum;
}

const SHAPES = Float64Array.from({ length: 9801 }, (_, i) => 0.2 + i * 0.001);
const RATIOS = SHAPES.map((a) => gamma(2 / a) ** 2 / (gamma(1 / a) * gamma(3 / a)));

/** Normalised coefficients; sums run over differences from the centre, so that a flat window gives exactly 0. */
function normalise(luma, width, height) {
  const out = new Float64Array(luma.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const centre = luma[y * width + x];
      let first = 0;
      let second = 0;
      for (let j = -3; j <= 3; j++)
        for (let i = -3; i <= 3; i++) {
          const w = (TAPS[j + 3] * TAPS[i + 3]) / (NORM * NORM);
          const d = luma[clamp(y + j, height) * width + clamp(x + i, width)] - centre;
          first += w * d;
          second += w * d * d;
        }
      out[y * width + x] = -first / (Math.sqrt(Math.abs(second - first * first)) + 1);
    }
  return out;
}

function aggd(samples) {
  let [left, right, nl, nr, abs, square] = [0, 0, 0, 0, 0, 0];
  for (const v of samples) {
    if (v < 0) {
      left += v * v;
      nl++;
    } else if (v > 0) {
      right += v * v;
      nr++;
    }
    abs += Math.abs(v);
    square += v * v;
  }
  const [sl, sr, n] = [Math.sqrt(left / nl), Math.sqrt(right / nr), samples.length];
  const ratio = sl / sr;
  const target = ((abs / n) ** 2 / (square / n)) * (((ratio ** 3 + 1) * (ratio + 1)) / (ratio ** 2 + 1) ** 2);
  let best = 0;
  for (let i = 1; i < RATIOS.length; i++) if ((RATIOS[i] - target) ** 2 < (RATIOS[best] - target) ** 2) best = i;
  const alpha = SHAPES[best];
  const width = Math.sqrt(gamma(1 / alpha) / gamma(3 / alpha));
  return Number.isNaN(target) ? [Number.NaN, Number.NaN, Number.NaN] : [alpha, sl * width, sr * width];
}

function blockFeatures(block, side) {
  const [alpha, bl, br] = aggd(block);
  const features = [alpha, (bl + br) / 2];
  for (const [dy, dx] of [
    [0, 1],
    [1, 0],
    [1, 1],
    [1, -1],
  ]) {
    const product = block.map(
      (v, i) => v * block[((((i / side) | 0) - dy + side) % side) * side + (((i % side) - dx + side) % side)],
    );
    const [a, l, r] = aggd(product);
    features.push(a, (r - l) * (gamma(2 / a) / gamma(1 / a)), l, r);
  }
  return features;
}

/** @param luma rounded luma on the 0..255 scale. @returns row-major blocks x 36 */
export function niqeFeatures(luma, width, height) {
  const [columns, rows] = [Math.floor(width / 96), Math.floor(height / 96)];
  const [w, h] = [columns * 96, rows * 96];
  const cropped = Float64Array.from({ length: w * h }, (_, i) => luma[((i / w) | 0) * width + (i % w)]);
  const half = resize({ data: cropped, width: w, height: h, channels: 1 }, w / 2, h / 2);
  const scales = [
    { map: normalise(cropped, w, h), side: 96, w },
    { map: normalise(half, w / 2, h / 2), side: 48, w: w / 2 },
  ];
  const out = new Float64Array(columns * rows * 36);
  for (let b = 0; b < columns * rows; b++)
    scales.forEach(({ map, side, w: stride }, s) => {
      const [by, bx] = [((b / columns) | 0) * side, (b % columns) * side];
      const block = Float64Array.from(
        { length: side * side },
        (_, i) => map[(by + ((i / side) | 0)) * stride + bx + (i % side)],
      );
      out.set(blockFeatures(block, side), b * 36 + s * 18);
    });
  return out;
}
