#!/usr/bin/env node
/**
 * The tables of a latent diffusion model's card, measured through @ir/core and @ir/metrics alone and printed as Markdown:
 *   npm run build && node scripts/ldm-card.mjs [ID] [--data DIR]... [--count N] [--words-data DIR] [--threads 2] [--only bottleneck,tasks,...] [--sheet FILE.png]
 * Pictures in 8 bit, default kernels and borders, the model's own defaults unless a line says otherwise, seed 0. Kodak and val/ take about an hour
 * on two quick cores.
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import {
  comparable,
  crop,
  degrade,
  findModel,
  intervalMaker,
  measureProperties,
  openLatentRestorer,
  parseDegradation,
  ratioText,
  toDepth,
} from '@ir/core';
import { createMetrics } from '@ir/metrics';
import sharp from 'sharp';
import { excessGradient } from '../packages/core/dist/testing/seams.js';
import { commandLine, mean, mse, photographs, psnr, root, shared } from './lib/card.mjs';

const SECTIONS = ['bottleneck', 'tasks', 'alive', 'words', 'prompts', 'tiles', 'latency'];
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', multiple: true, default: [shared('kodak'), shared('val')] },
    'words-data': { type: 'string', default: shared('val') },
    count: { type: 'string' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string', default: SECTIONS.join() },
    sheet: { type: 'string' },
  },
});
const [id = 'ldm-s'] = positionals;
const only = flags.only.split(',');
const strange = only.find((name) => !SECTIONS.includes(name));
if (strange) throw new Error(`--only: expected some of ${SECTIONS.join(', ')}, got ${strange}`);

const TASKS = { SR4: 'SR4', 'blur sigma 4': 'blur[sigma=4]' };
/** Words, guidance and crop of the control by text. */
const PAIRS = [
  { up: 'sharp', down: 'soft', property: 'sharpness' },
  { up: 'bright', down: 'dark', property: 'light' },
];
/** Tile plans held against the whole picture: with ample context, with some, with none. */
const PLANS = [
  { size: 256, overlap: 128 },
  { size: 128, overlap: 64 },
  { size: 64, overlap: 0 },
];
const TILED = 6;
const GUIDANCE = 4;
const CROP = 256;
const OBEDIENT = 0.8;
const SECONDS = 60;

const interval = intervalMaker({ resamples: 2000, seed: 0 });
/** LPIPS where its network is installed (docs/models.md), a dash elsewhere. */
const METRICS = createMetrics(['psnr', 'ssim', 'niqe', 'lpips-squeeze']);
const say = (text) => console.error(text);

const round8 = async (image) => toDepth(await image, 8);
const centre = (image) =>
  crop(image, { x: (image.width - CROP) >> 1, y: (image.height - CROP) >> 1, width: CROP, height: CROP });

/** All metrics of one picture; undefined values are NaN. */
async function scoresOf(image, reference) {
  const scores = {};
  for (const metric of METRICS) scores[metric.alias] = (await metric.score({ reference, image })).value ?? Number.NaN;
  return scores;
}

const digits = { psnr: 2, ssim: 4, niqe: 2, 'lpips-squeeze': 4 };
const cells = (rows) =>
  METRICS.map(({ alias }) => {
    const values = rows.map((row) => row[alias]);
    return values.every(Number.isFinite) ? mean(values).toFixed(digits[alias]) : '-';
  }).join(' | ');
const header = [
  '|  | ',
  METRICS.map(({ alias }) => alias).join(' | '),
  ' |\n|---|',
  METRICS.map(() => '---|').join(''),
].join('');
/** How far the latent is smaller than the picture: beside every row that passes it. */
const ratioOf = ({ compression }) => ratioText(compression);
/** A denoiser that is alive: how much PSNR falls with the c_f of another picture, and how far x0 moves along the steps. */
const COLLAPSE = 6;
const MOVES = 0.05;

const verdict = (met) => (met ? 'met' : '**missed**');

async function bottleneck(restorer, images) {
  const rows = { photograph: [], 'VAE round trip': [] };
  for (const image of images) {
    rows.photograph.push({ ...(await scoresOf(image, image)), psnr: Number.NaN });
    rows['VAE round trip'].push(await scoresOf(await round8(restorer.reconstruct(image)), image));
  }
  const [photo, trip] = Object.values(rows);
  const decibels = mean(trip.map((row) => row.psnr));
  const change = mean(trip.map((row) => row.niqe)) / mean(photo.map((row) => row.niqe)) - 1;
  return [
    header,
    `| photograph | ${cells(photo)} |`,
    `| VAE round trip (${ratioOf(restorer)}) | ${cells(trip)} |`,
    '',
    `Round trip at least 28 dB: ${verdict(decibels >= 28)} (${decibels.toFixed(2)}). Mean NIQE within 15 % of the photographs': ${verdict(Math.abs(change) <= 0.15)} (${(100 * change).toFixed(1)} %).`,
  ];
}

/** Outputs for one degraded picture; `noise` is I_reg under white noise up to the CLDM's own error. */
async function outputsOf(restorer, { reference, comparable: input }) {
  const regression = await round8(restorer.initial(input));
  const cldm = await round8(restorer.restore(input));
  const level = 255 * Math.sqrt(Math.max(0, mse(cldm, reference) - mse(regression, reference)));
  const noise =
    level > 0.02 ? await degrade(regression, parseDegradation(`noise[gauss,sigma=${level.toFixed(4)}]`)) : regression;
  return {
    degraded: input,
    'M_phi (restorer-s)': regression,
    [`M_phi through the VAE (${ratioOf(restorer)})`]: await round8(restorer.reconstruct(regression)),
    'M_phi + white noise of equal error': toDepth(noise, 8),
    [`CLDM (${ratioOf(restorer)})`]: cldm,
  };
}

async function task(restorer, images, degradation) {
  const rows = new Map();
  for (const [i, image] of images.entries()) {
    const pair = await comparable(image, parseDegradation(degradation));
    for (const [name, output] of Object.entries(await outputsOf(restorer, pair)))
      rows.set(name, [...(rows.get(name) ?? []), await scoresOf(output, pair.reference)]);
    say(`${degradation} ${i + 1} of ${images.length}`);
  }
  const cldm = rows.get(`CLDM (${ratioOf(restorer)})`);
  const lines = [...rows]
    .filter(([name]) => name.startsWith('M_phi'))
    .map(([name, list]) => {
      const { low, high } = interval(cldm.map((row, i) => row.niqe - list[i].niqe)) ?? {
        low: Number.NaN,
        high: Number.NaN,
      };
      return `NIQE less that of ${name}: ${low.toFixed(2)} to ${high.toFixed(2)}, ${verdict(high < 0)}.`;
    });
  return [header, ...[...rows].map(([name, list]) => `| ${name} | ${cells(list)} |`), '', ...lines];
}

/** Does the denoiser follow its condition, and does what it predicts change along the steps? */
async function alive(restorer, images) {
  const inputs = [];
  for (const image of images) inputs.push(await comparable(centre(image), parseDegradation('SR4')));
  const words = [];
  for (const { comparable: input } of inputs)
    words.push(await restorer.captioner.caption(await restorer.initial(input)));
  const own = [];
  const other = [];
  const moved = [];
  for (const [i, { comparable: input, reference }] of inputs.entries()) {
    const told = restorer.under({ caption: false, prompt: `${words[i]}, sharp` });
    const foreign = inputs[(i + 1) % inputs.length].comparable;
    own.push(psnr(await round8(told.restore(input)), reference));
    other.push(psnr(await round8(told.restore(foreign)), reference));
    let first;
    let last;
    for await (const { x0 } of told.steps(input)) {
      first ??= x0.data.slice();
      last = x0.data;
    }
    moved.push(
      Math.sqrt(mse({ data: first }, { data: last }) / mse({ data: last }, { data: [...last].fill(mean(last)) })),
    );
  }
  const collapse = mean(own) - mean(other);
  const least = Math.min(...moved);
  return [
    `PSNR with its own c_f ${mean(own).toFixed(2)} dB, with the c_f of another picture and the same words ${mean(other).toFixed(2)} dB: ${verdict(collapse >= COLLAPSE)} (${COLLAPSE} dB less).`,
    `From the first step to the last the predicted clean sample moves by ${(100 * mean(moved)).toFixed(0)} % of its own deviation, least ${(100 * least).toFixed(0)} %: ${verdict(least >= MOVES)} (${100 * MOVES} %).`,
  ];
}

const promptOf = (words) => ({ caption: false, guidance: GUIDANCE, prompt: words.join(', ') });

async function wordControl(restorer, images, table) {
  const lines = [];
  for (const { up, down, property } of PAIRS) {
    const own = table.properties[property].map(({ word }) => word);
    let obeyed = 0;
    for (const [i, image] of images.entries()) {
      const { comparable: input } = await comparable(centre(image), parseDegradation('SR4'));
      const said = (await restorer.captioner.caption(await restorer.initial(input))).split(', ');
      const others = said.filter((word) => word && !own.includes(word));
      const value = async (word) =>
        measureProperties(await round8(restorer.under(promptOf([...others, word])).restore(input)))[property];
      if ((await value(up)) > (await value(down))) obeyed++;
      say(`${up}/${down} ${i + 1} of ${images.length}`);
    }
    const share = obeyed / images.length;
    lines.push(
      `${up} for ${down} raises ${property} in ${obeyed} of ${images.length} pictures: ${verdict(share >= OBEDIENT)} (80 %).`,
    );
  }
  return lines;
}

async function prompts(restorer, images) {
  const ratio = ratioOf(restorer);
  const kinds = Object.fromEntries(
    ['caption, sharp', 'no words', "another picture's caption, sharp"].map((name) => [`${name} (${ratio})`, []]),
  );
  const inputs = [];
  for (const image of images) inputs.push(await comparable(centre(image), parseDegradation('SR4')));
  const said = [];
  for (const { comparable: input } of inputs)
    said.push(await restorer.captioner.caption(await restorer.initial(input)));
  for (const [i, { comparable: input, reference }] of inputs.entries()) {
    const variants = [[said[i], 'sharp'], [], [said[(i + 1) % said.length], 'sharp']];
    for (const [k, words] of variants.entries()) {
      const output = await round8(restorer.under(promptOf(words.filter(Boolean))).restore(input));
      Object.values(kinds)[k].push(await scoresOf(output, reference));
    }
  }
  return [header, ...Object.entries(kinds).map(([name, list]) => `| ${name} | ${cells(list)} |`)];
}

/** How far tiles move the picture, and whether their borders show; beside it how far another seed moves it. */
async function tiles(restorer, images) {
  const found = new Map();
  const note = (name, picture, whole, seam) => {
    const rows = found.get(name) ?? [];
    found.set(name, [
      ...rows,
      { decibels: psnr(picture, whole), excess: seam ? excessGradient(picture, whole, seam) : undefined },
    ]);
  };
  for (const [i, image] of images.slice(0, TILED).entries()) {
    const { comparable: input } = await comparable(image, parseDegradation('SR4'));
    const whole = await restorer.restore(input, { tile: 'none' });
    for (const tile of PLANS)
      note(`${tile.size}+${tile.overlap}`, await restorer.restore(input, { tile }), whole, tile.size);
    note('whole, another seed', await restorer.restore(input, { tile: 'none', seed: 1 }), whole);
    say(`tiles ${i + 1} of ${Math.min(TILED, images.length)}`);
  }
  const lines = [...found].map(([name, rows]) => {
    const decibels = rows.map((row) => row.decibels);
    const excess = rows[0].excess === undefined ? '-' : mean(rows.map((row) => row.excess)).toFixed(4);
    return `| ${name} | ${mean(decibels).toFixed(1)} | ${Math.min(...decibels).toFixed(1)} | ${excess} |`;
  });
  return ['| tiles | PSNR to the whole, mean | least | excess gradient at seams |', '|---|---|---|---|', ...lines];
}

async function latency(restorer, image) {
  const guided = restorer.under({ steps: 50, guidance: GUIDANCE });
  const input = crop(image, { x: 0, y: 0, width: 512, height: 512 });
  const start = performance.now();
  await guided.restore(input);
  const seconds = (performance.now() - start) / 1000;
  const where = `${cpus()[0]?.model.trim()}, ${flags.threads} threads`;
  return [
    `512x512, 50 steps with guidance (100 evaluations), whole: ${seconds.toFixed(1)} s on ${where}: ${verdict(seconds < SECONDS)} (${SECONDS} s).`,
  ];
}

/** Six centre crops: photograph, degraded, M_phi, CLDM; a row a picture. */
async function sheet(restorer, images, file) {
  const side = 192;
  const tiles = [];
  for (const [row, image] of images.slice(0, 6).entries()) {
    const { reference, comparable: input } = await comparable(image, parseDegradation('SR4'));
    const shown = [reference, input, await round8(restorer.initial(input)), await round8(restorer.restore(input))];
    for (const [column, picture] of shown.entries()) {
      const { data, width, height } = picture;
      const [left, top] = [(width - side) >> 1, (height - side) >> 1];
      const bytes = new Uint8Array(3 * side * side);
      for (let y = 0, k = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          for (let c = 0; c < 3; c++, k++) bytes[k] = Math.round(255 * data[(c * height + y + top) * width + x + left]);
      tiles.push({
        input: bytes,
        raw: { width: side, height: side, channels: 3 },
        left: column * side,
        top: row * side,
      });
    }
  }
  const size = { width: 4 * side, height: (tiles.length / 4) * side, channels: 3, background: '#fff' };
  await sharp({ create: size }).composite(tiles).png({ compressionLevel: 9, palette: true, colours: 256 }).toFile(file);
}

const restorer = await openLatentRestorer(await findModel(id), { settings: { threads: Number(flags.threads) } });
try {
  console.log(`${commandLine('ldm-card.mjs')}: \`${restorer.identity}\`.`);
  const sets = [];
  for (const folder of flags.data)
    sets.push({ name: relative(root, folder), images: await photographs(folder, flags.count) });
  for (const { name, images } of sets) {
    const heading = (text) => console.log(`\n### ${text}, ${images.length} pictures of ${name}`);
    if (only.includes('bottleneck')) {
      heading('Latent bottleneck');
      console.log((await bottleneck(restorer, images)).join('\n'));
    }
    if (only.includes('tasks'))
      for (const [title, degradation] of Object.entries(TASKS)) {
        heading(title);
        console.log((await task(restorer, images, degradation)).join('\n'));
      }
  }
  const words = await photographs(flags['words-data'], flags.count);
  const told = `${words.length} centre crops of ${CROP}x${CROP} of ${relative(root, flags['words-data'])} at SR4`;
  if (only.includes('alive'))
    console.log(`\n### Is the denoiser alive? ${told}\n${(await alive(restorer, words)).join('\n')}`);
  if (only.includes('words')) {
    const table = JSON.parse(await readFile(new URL(`../models/${id}/caption.json`, import.meta.url), 'utf8'));
    console.log(
      `\n### One word, guidance ${GUIDANCE}, ${told}\n${(await wordControl(restorer, words, table)).join('\n')}`,
    );
  }
  if (only.includes('prompts'))
    console.log(`\n### Prompts, guidance ${GUIDANCE}, ${told}\n${(await prompts(restorer, words)).join('\n')}`);
  if (only.includes('tiles')) {
    const [{ name, images }] = sets;
    const count = Math.min(TILED, images.length);
    console.log(`\n### Tiles, ${count} pictures of ${name} at SR4\n${(await tiles(restorer, images)).join('\n')}`);
  }
  if (only.includes('latency'))
    console.log(`\n### Latency\n${(await latency(restorer, sets[0].images[0])).join('\n')}`);
  if (flags.sheet) await sheet(restorer, sets[0].images, flags.sheet);
} finally {
  await restorer.dispose();
}
process.exit(0);
