// Tunes the constants of the classical restorers, per sigma, by mean PSNR over photographs that are never scored elsewhere:
//   npm run build && node scripts/tune-classical.mjs [--data ../shared/data/val] [--only wiener|richardson-lucy] [--count N]
// Blur by the default kernel and border, rounded to 8 bit. Writes packages/core/assets/classical/*.json with their provenance.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  blurOperator,
  cosineBasis,
  decode,
  defaultKernelSize,
  degradationIdentity,
  degrade,
  gaussianTaps,
  imageHash,
  response,
  richardsonLucy,
  toCoefficients,
  writeAtomically,
} from '@ir/core';
import { inspect } from '@ir/native';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: flags } = parseArgs({
  options: { data: { type: 'string' }, only: { type: 'string' }, count: { type: 'string' } },
});
const folder = flags.data ?? join(root, '../shared/data/val');

const SIGMAS = [0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50];
/** Powers of the noise-to-signal model tried; one is chosen for all sigmas. */
const POWERS = [0, 1, 1.5, 2, 2.5, 3];
const NSR = Array.from({ length: 61 }, (_, i) => 10 ** (-8 + i / 8));
/** A photograph of 768x512 takes 13 ms (7 taps) to 46 ms (121 taps) an iteration on one core: half a second to two. */
const LIMIT = 40;

const psnr = (mse) => -10 * Math.log10(mse);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function squaredError(reference, planes) {
  let sum = 0;
  for (let i = 0; i < planes.length; i++) {
    const clipped = planes[i] <= 0 ? 0 : planes[i] >= 1 ? 1 : planes[i];
    const difference = Math.floor(clipped * 255 + 0.5) / 255 - reference[i];
    sum += difference * difference;
  }
  return sum / planes.length;
}

async function load() {
  const names = (await readdir(folder)).filter((name) => /\.(png|jpe?g|tiff?|webp)$/i.test(name)).sort();
  const images = [];
  for (const name of names.slice(0, Number(flags.count ?? names.length))) images.push(await decode(join(folder, name)));
  return images;
}

const blurStep = (sigma) => ({ kind: 'blur', sigma, size: defaultKernelSize(sigma), border: 'reflect-101' });
const blurred = (image, sigma) => degrade(image, { steps: [blurStep(sigma)] });

/** Coefficients of every channel, scaled so that their squares sum to those of the samples (up to one common factor). */
async function coefficients(image, rows, columns) {
  const { width, height, channels } = image;
  const planes = [];
  for (let c = 0; c < channels; c++) {
    const data = Float64Array.from(image.data.subarray(c * width * height, (c + 1) * width * height));
    await toCoefficients({ data, width, height }, rows, columns);
    planes.push(data);
  }
  return planes;
}

/**
 * Mean squared error of the Wiener estimate for every power and ratio, before clipping and rounding. By Parseval's relation of DCT-I the
 * error is a weighted sum over coefficients; the weight of a sample in it is 1 for ends and 2 inside, which hardly matters for photographs.
 */
async function wienerErrors(image, sigma) {
  const { width, height } = image;
  const rows = cosineBasis(width, 'reflect-101');
  const columns = cosineBasis(height, 'reflect-101');
  const taps = gaussianTaps(sigma, defaultKernelSize(sigma));
  const [hx, hy] = [response(taps, rows.frequencies), response(taps, columns.frequencies)];
  const x = await coefficients(image, rows, columns);
  const y = await coefficients(await blurred(image, sigma), rows, columns);
  // Per coefficient: what the error of a gain G needs, |x - G y|^2 = xx - 2 G xy + G^2 yy, summed over channels.
  const count = width * height;
  const [xx, xy, yy] = [0, 1, 2].map(() => new Float64Array(count));
  for (let c = 0; c < x.length; c++) {
    for (let i = 0; i < count; i++) {
      xx[i] += x[c][i] ** 2;
      xy[i] += x[c][i] * y[c][i];
      yy[i] += y[c][i] ** 2;
    }
  }
  const weight = (k, n) => (k === 0 || k === n - 1 ? 1 : 2);
  const norm = (2 * width - 2) * (2 * height - 2) * ((2 * width - 2) * (2 * height - 2)) * x.length;
  const errors = POWERS.map(() => new Float64Array(NSR.length));
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      if (u + v === 0) continue; // the mean is kept
      const i = v * width + u;
      const h = hx[u] * hy[v];
      const f = Math.hypot(rows.frequencies[u], columns.frequencies[v]) / Math.PI;
      const w = (weight(u, width) * weight(v, height)) / norm;
      for (let p = 0; p < POWERS.length; p++) {
        const rise = f ** POWERS[p];
        const into = errors[p];
        for (let k = 0; k < NSR.length; k++) {
          const gain = h / (h * h + NSR[k] * rise);
          into[k] += w * (xx[i] + gain * (gain * yy[i] - 2 * xy[i]));
        }
      }
    }
  }
  return errors;
}

/** The maximum of samples at NSR, refined by the parabola through it and its neighbours; at the ends of the grid the end itself. */
function peak(values) {
  const at = values.indexOf(Math.max(...values));
  if (at === 0 || at === values.length - 1) return { value: values[at], nsr: NSR[at], inside: false };
  const [a, b, c] = values.slice(at - 1, at + 2);
  const shift = (0.5 * (a - c)) / (a - 2 * b + c);
  return { value: b - 0.25 * (a - c) * shift, nsr: NSR[at] * 10 ** (shift / 8), inside: true };
}

async function tuneWiener(images) {
  const found = [];
  for (const sigma of SIGMAS) {
    const scores = POWERS.map(() => NSR.map(() => []));
    const nothing = [];
    for (const image of images) {
      nothing.push(psnr(squaredError(image.data, (await blurred(image, sigma)).data)));
      const errors = await wienerErrors(image, sigma);
      for (let p = 0; p < POWERS.length; p++) {
        for (let k = 0; k < NSR.length; k++) scores[p][k].push(psnr(errors[p][k]));
      }
    }
    const peaks = scores.map((perRatio) => peak(perRatio.map(mean)));
    found.push({ sigma, nothing: mean(nothing), peaks });
    console.error(
      `sigma ${sigma}: ${peaks.map((p, i) => `f^${POWERS[i]} ${p.nsr.toExponential(2)} ${(p.value - mean(nothing)).toFixed(3)} dB`).join(', ')}`,
    );
  }
  const total = POWERS.map((_, p) => mean(found.map(({ peaks }) => peaks[p].value)));
  const best = total.indexOf(Math.max(...total));
  console.error(`mean PSNR by power: ${POWERS.map((power, p) => `${power}: ${total[p].toFixed(3)}`).join(', ')}`);
  const nodes = found.map(({ sigma, nothing, peaks }) => ({
    sigma,
    nsr: Number(peaks[best].nsr.toPrecision(4)),
    gain: Number((peaks[best].value - nothing).toFixed(3)),
  }));
  return { restorer: 'wiener', power: POWERS[best], nodes };
}

async function tuneRichardsonLucy(images) {
  const nodes = [];
  for (const sigma of SIGMAS) {
    const scores = Array.from({ length: LIMIT }, () => []);
    const nothing = [];
    for (const image of images) {
      const observed = await blurred(image, sigma);
      nothing.push(psnr(squaredError(image.data, observed.data)));
      await richardsonLucy(observed, blurOperator(image, blurStep(sigma)), {
        iterations: LIMIT,
        onEstimate: (estimate, k) => {
          scores[k - 1].push(psnr(squaredError(image.data, estimate)));
        },
      });
    }
    const means = scores.map(mean);
    const best = means.indexOf(Math.max(...means));
    nodes.push({ sigma, iterations: best + 1, gain: Number((means[best] - mean(nothing)).toFixed(3)) });
    console.error(`sigma ${sigma}: ${best + 1} iterations, ${(means[best] - mean(nothing)).toFixed(3)} dB`);
  }
  return { restorer: 'richardson-lucy', limit: LIMIT, nodes };
}

const images = await load();
const hashes = (await Promise.all(images.map((image) => imageHash(image)))).sort();
const report = inspect();
const provenance = (objective) => ({
  command: ['node scripts/tune-classical.mjs', ...process.argv.slice(2)].join(' '),
  data: `${relative(root, folder)}: ${images.length} photographs`,
  dataHash: createHash('sha256').update(hashes.join('\n')).digest('hex'),
  objective,
  degradation: degradationIdentity({ steps: [{ kind: 'blur', sigma: 1 }] }).replace(
    'sigma=1,k=7',
    'sigma=SIGMA,k=default',
  ),
  ranOn: `cpu ${report.variant}`,
  date: new Date().toISOString().slice(0, 10),
});
const jobs = {
  wiener: async () => ({
    ...(await tuneWiener(images)),
    provenance: provenance('mean RGB PSNR, before clipping and rounding'),
  }),
  'richardson-lucy': async () => ({
    ...(await tuneRichardsonLucy(images)),
    provenance: provenance(`mean RGB PSNR of the 8-bit result, at most ${LIMIT} iterations`),
  }),
};
for (const [name, job] of Object.entries(jobs)) {
  if (flags.only && flags.only !== name) continue;
  const found = { schema: 'ir.classical/1', ...(await job()) };
  await writeAtomically(
    join(root, `packages/core/assets/classical/${name}.json`),
    `${JSON.stringify(found, null, 2)}\n`,
  );
}
