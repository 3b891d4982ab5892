#!/usr/bin/env node
/**
 * The tables of a restorer's model card, measured through @ir/core alone and printed as Markdown:
 *   npm run build && node scripts/model-card.mjs [ID] [--data ../shared/data/kodak] [--count N] [--sigmas 1,2,4] [--threads 2] [--json]
 * Gains in RGB PSNR over doing nothing, mean over pictures; 8 bit in and out, default kernels and borders, one model told nothing. For
 * restorers of equal size. On the 24 Kodak pictures about 620 passes: a quarter of an hour on two quick cores.
 */
import { cpus } from 'node:os';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import {
  comparable,
  counted,
  crop,
  findModel,
  installedRestorers,
  openRestorer,
  parseDegradation,
  resampleImage,
  toDepth,
} from '@ir/core';
import { commandLine, mean, photographs, psnr, root, shared } from './lib/card.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: shared('kodak') },
    count: { type: 'string' },
    sigmas: { type: 'string', default: Array.from({ length: 20 }, (_, i) => i + 1).join() },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const [id = 'restorer-s'] = positionals;
const threads = Number(flags.threads);
const NOISE_SEEDS = [0, 1, 2];

/** What the network was asked to reach: dB of mean gain; of the clean picture, dB itself. */
const BARS = {
  'blur sigma 1': 2.5,
  'blur sigma 2': 2.0,
  'blur sigma 4': 1.2,
  SR2: 1.4,
  SR4: 0.5,
  'noise 15/255': 7.5,
  clean: 45,
};
const barOf = (name) => BARS[name] ?? (name.startsWith('blur') ? 0 : undefined);

const sigmas = flags.sigmas.split(',').map(Number);
const TASKS = [
  ...sigmas.map((sigma) => ({ name: `blur sigma ${sigma}`, degradation: `blur[sigma=${sigma}]` })),
  { name: 'SR2', degradation: 'SR2' },
  { name: 'SR4', degradation: 'SR4' },
  { name: 'noise 15/255', degradation: 'noise[gauss,sigma=15]', seeds: NOISE_SEEDS },
];

const restored = async (restorer, image) => toDepth(await restorer.restore(image, { tile: 'none' }), 8);

/** Gain of one picture at one task, mean over the seeds. */
async function gainOf(restorer, image, { degradation, seeds = [0] }) {
  const gains = [];
  for (const seed of seeds) {
    const pair = await comparable(image, parseDegradation(degradation), { seed });
    const before = psnr(pair.comparable, pair.reference);
    gains.push(psnr(await restored(restorer, pair.comparable), pair.reference) - before);
  }
  return mean(gains);
}

/** Median of five passes over 768x512, milliseconds, after one to warm up. */
async function latency(restorer, image) {
  const whole = image.width >= image.height ? image : crop(image, { x: 0, y: 0, width: image.width, height: 512 });
  const picture = await resampleImage(whole, 768, 512);
  await restorer.restore(picture, { tile: 'none' });
  const times = [];
  for (let k = 0; k < 5; k++) {
    const start = performance.now();
    await restorer.restore(picture, { tile: 'none' });
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2];
}

function verdict(name, value) {
  const bar = barOf(name);
  if (bar === undefined) return '';
  return `${value >= bar ? 'met' : '**missed**'} (${bar > 0 && name !== 'clean' ? '+' : ''}${bar})`;
}

function row({ name, value, least, worse, count }) {
  const signed = (v) => (name === 'clean' ? v.toFixed(2) : `${v < 0 ? '' : '+'}${v.toFixed(2)}`);
  return `| ${name} | ${signed(value)} | ${signed(least)} | ${worse === undefined ? '' : `${worse} of ${count}`} | ${verdict(name, value)} |`;
}

async function measure() {
  const known = (await installedRestorers()).map((definition) => definition.id);
  const model = await findModel(id);
  if (model.manifest.kind !== 'restorer' || model.manifest.scale !== 1) {
    throw new Error(`${id}: expected a restorer of equal size, got another model. Restorers: ${known.join(', ')}.`);
  }
  const images = await photographs(flags.data, flags.count);
  const restorer = await openRestorer(model, { threads });
  try {
    const milliseconds = await latency(restorer, images[0]);
    const rows = [];
    for (const task of TASKS) {
      const gains = [];
      for (const image of images) gains.push(await gainOf(restorer, image, task));
      const worse = gains.filter((gain) => gain < 0).length;
      rows.push({ name: task.name, value: mean(gains), least: Math.min(...gains), worse, count: images.length });
      console.error(row(rows.at(-1)));
    }
    const clean = [];
    // A picture that comes back to the last level counts as 100 dB: the mean stays a number.
    for (const image of images) clean.push(Math.min(100, psnr(await restored(restorer, image), image)));
    rows.push({ name: 'clean', value: mean(clean), least: Math.min(...clean), count: images.length });
    return { id, identity: restorer.identity, pictures: images.length, milliseconds, threads, rows };
  } finally {
    await restorer.dispose();
  }
}

function markdown({ identity, pictures, milliseconds, rows }) {
  const data = relative(root, flags.data);
  return [
    `${commandLine('model-card.mjs')}: \`${identity}\` on the ${pictures} pictures of ${data}.`,
    'Gains in RGB PSNR over doing nothing, dB; of the clean picture, the PSNR of what comes back. Noise: mean of the seeds 0 to 2.',
    '',
    '| task | mean | least | pictures that get worse | bar |',
    '|---|---|---|---|---|',
    ...rows.map(row),
    '',
    `Latency at 768x512: ${(milliseconds / 1000).toFixed(2)} s, median of 5, ${counted(threads, 'thread')}, ${cpus()[0]?.model.trim()}: ` +
      `${milliseconds < 1500 ? 'met' : '**missed**'} (below 1.5 s).`,
  ].join('\n');
}

const result = await measure();
console.log(flags.json ? JSON.stringify({ ...result, processor: cpus()[0]?.model.trim() }) : markdown(result));
