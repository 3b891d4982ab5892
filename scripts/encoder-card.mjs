#!/usr/bin/env node
/**
 * The tables of an encoder's card, measured through @ir/core and @ir/metrics alone and printed as Markdown:
 *   npm run build && node scripts/encoder-card.mjs [ID] [--teacher FILE.onnx] [--val DIR] [--kodak DIR] [--count N] [--json]
 * Each encoder looks at every picture and its degraded versions at native size, 8 bit, noise by seed 0, reduced pictures brought up again. Val and Kodak:
 * about 1500 passes of two networks on one thread, five minutes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import {
  addModel,
  checkPorts,
  comparable,
  crop,
  embed,
  findModelSync,
  Network,
  parseDegradation,
  verifiedGraph,
} from '@ir/core';
import { createMetrics } from '@ir/metrics';
import { commandLine, mean, photographs, root, shared } from './lib/card.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    teacher: { type: 'string', default: shared('weights/efficientnet_lite0.onnx') },
    val: { type: 'string', default: shared('val') },
    kodak: { type: 'string', default: shared('kodak') },
    count: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [id = 'encoder-s'] = positionals;

/** The bars: Spearman on val over all of these, and pictures found again among all of both folders. */
const DEGRADATIONS = {
  SR2: 'SR2',
  SR4: 'SR4',
  Blur1: 'Blur1',
  Blur20: 'Blur20',
  'blur sigma 2': 'blur[sigma=2]',
  'blur sigma 4': 'blur[sigma=4]',
  'blur sigma 8': 'blur[sigma=8]',
  'noise 10/255': 'noise[gauss,sigma=10]',
  'noise 25/255': 'noise[gauss,sigma=25]',
  'JPEG 40': 'jpeg[q=40]',
  'JPEG 10': 'jpeg[q=10]',
};
const BAR = { spearman: 0.8, found: 0.95 };
const SOUGHT = 'blur sigma 4';

/** Ranks from 0, the mean rank for equals. */
function ranks(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first;
    while (end < order.length && values[order[end]] === values[order[first]]) end++;
    for (let k = first; k < end; k++) found[order[k]] = (first + end - 1) / 2;
    first = end;
  }
  return found;
}

function spearman(a, b) {
  const [x, y] = [ranks(a), ranks(b)];
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f) => x.reduce((total, _, i) => total + f(x[i] - mx, y[i] - my), 0);
  return sum((u, v) => u * v) / Math.sqrt(sum((u) => u * u) * sum((_, v) => v * v));
}

function cosine(a, b) {
  const dot = (u, v) => u.reduce((sum, _, i) => sum + u[i] * v[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** An installed encoder, running: distances by the product's metrics, embeddings as those metrics take them. */
async function open(name) {
  const model = findModelSync('encoder', name);
  if (!model) throw new Error(`${name}: expected an installed encoder, got none of that name`);
  const { manifest } = model;
  const network = await Network.open(manifest.id, await verifiedGraph(model), { threads: 1 });
  checkPorts(manifest, network);
  const metrics = createMetrics(['align-cls-cos', 'align-patch-cos'], { encoder: name, alignment: 'gt' });
  const whole = ({ width, height }) => ({
    x: 0,
    y: 0,
    width: width - (width % manifest.multiple),
    height: height - (height % manifest.multiple),
  });
  return {
    manifest,
    identity: metrics[0].id,
    async distances(reference, image) {
      const input = { reference, image };
      const [embedding, tokens] = await Promise.all(metrics.map((metric) => metric.score(input)));
      return { embedding: embedding.value, tokens: tokens.value };
    },
    async embedding(image) {
      return (await embed(network, manifest, crop(image, whole(image)))).embedding;
    },
    async close() {
      await Promise.all([network.dispose(), ...metrics.map((metric) => metric.dispose?.())]);
    },
  };
}

/** 1 - cos of each picture and each of its versions, through each encoder: `[degradation][encoder]` lists by picture. */
async function distancesOf(images, encoders) {
  const all = {};
  for (const [name, text] of Object.entries(DEGRADATIONS)) {
    all[name] = encoders.map(() => ({ embedding: [], tokens: [] }));
    for (const image of images) {
      const pair = await comparable(image, parseDegradation(text));
      for (const [e, encoder] of encoders.entries())
        for (const [of, value] of Object.entries(await encoder.distances(pair.reference, pair.comparable)))
          all[name][e][of].push(value);
    }
    console.error(`${name}: measured on ${images.length} pictures`);
  }
  return all;
}

function agreement(all, of) {
  const flat = (e) => Object.values(all).flatMap((both) => both[e][of]);
  const pictures = Object.values(all)[0][0][of].map((_, i) =>
    spearman(...[0, 1].map((e) => Object.values(all).map((both) => both[e][of][i]))),
  );
  return { all: spearman(flat(0), flat(1)), withinPictures: mean(pictures) };
}

/** Share of the pictures whose degraded version is nearest to its own original among all originals. */
async function found(images, encoder, text) {
  const originals = [];
  for (const image of images) originals.push(await encoder.embedding(image));
  const hits = [];
  for (const [i, image] of images.entries()) {
    const { comparable: version } = await comparable(image, parseDegradation(text));
    const given = await encoder.embedding(version);
    const cosines = originals.map((original) => cosine(given, original));
    hits.push(cosines.indexOf(Math.max(...cosines)) === i);
  }
  return hits;
}

/** Median of five passes over 512x512 on one thread, milliseconds. */
async function latency(encoder, image) {
  const picture = crop(image, { x: 0, y: 0, width: 512, height: 512 });
  const times = [];
  for (let k = 0; k < 6; k++) {
    const start = performance.now();
    await encoder.embedding(picture);
    times.push(performance.now() - start);
  }
  return times.slice(1).sort((a, b) => a - b)[2];
}

async function measure(encoders) {
  const [val, kodak] = [await photographs(flags.val, flags.count), await photographs(flags.kodak, flags.count)];
  const distances = { val: await distancesOf(val, encoders), kodak: await distancesOf(kodak, encoders) };
  const retrieval = {};
  for (const text of [SOUGHT, 'blur sigma 2', 'blur sigma 8'])
    retrieval[text] = await Promise.all(encoders.map((one) => found([...val, ...kodak], one, DEGRADATIONS[text])));
  const milliseconds = [];
  for (const one of encoders) milliseconds.push(await latency(one, val[0]));
  return {
    identities: encoders.map(({ identity }) => identity),
    pictures: { val: val.length, kodak: kodak.length },
    agreement: Object.fromEntries(
      Object.entries(distances).map(([name, all]) => [
        name,
        { embedding: agreement(all, 'embedding'), tokens: agreement(all, 'tokens') },
      ]),
    ),
    degradations: Object.entries(distances.val).map(([name, both]) => ({
      name,
      means: both.map(({ embedding }) => mean(embedding)),
      overPictures: spearman(...both.map(({ embedding }) => embedding)),
    })),
    retrieval: Object.fromEntries(
      Object.entries(retrieval).map(([name, both]) => [
        name,
        both.map((hits) => ({
          all: mean(hits.map(Number)),
          val: mean(hits.slice(0, val.length).map(Number)),
          kodak: mean(hits.slice(val.length).map(Number)),
        })),
      ]),
    ),
    milliseconds,
  };
}

const verdict = (value, bar) => `${value >= bar ? 'met' : '**missed**'} (${bar})`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

function markdown({ identities, pictures, agreement: agrees, degradations, retrieval, milliseconds }) {
  const [own, taught] = retrieval[SOUGHT];
  const { val, kodak } = agrees;
  return [
    `${commandLine('encoder-card.mjs')}: \`${identities[0]}\` beside \`${identities[1]}\`, its teacher.`,
    `${pictures.val} pictures of ${relative(root, flags.val)}, ${pictures.kodak} of ${relative(root, flags.kodak)}.`,
    '',
    '| bar | value | |',
    '|---|---|---|',
    `| Spearman with the teacher's 1 - cos, val x ${degradations.length} degradations | ${val.embedding.all.toFixed(3)} | ${verdict(val.embedding.all, BAR.spearman)} |`,
    `| pictures blurred by sigma 4 that find their original among all of both | ${percent(own.all)} | ${verdict(own.all, BAR.found)} |`,
    '',
    '| Spearman with the teacher | val | Kodak |',
    '|---|---|---|',
    ...[
      ['embeddings, all pairs', 'embedding', 'all'],
      ['embeddings, mean over pictures of the order of their degradations', 'embedding', 'withinPictures'],
      ['patch tokens (`align-patch-cos`), all pairs', 'tokens', 'all'],
    ].map(([name, of, what]) => `| ${name} | ${val[of][what].toFixed(3)} | ${kodak[of][what].toFixed(3)} |`),
    '',
    '| degradation (val) | mean 1 - cos | the teacher’s | Spearman over pictures |',
    '|---|---|---|---|',
    ...degradations.map(
      ({ name, means, overPictures }) =>
        `| ${name} | ${means[0].toFixed(3)} | ${means[1].toFixed(3)} | ${overPictures.toFixed(3)} |`,
    ),
    '',
    '| finds its original among all of both | val | Kodak | all | the teacher, all |',
    '|---|---|---|---|---|',
    ...Object.entries(retrieval)
      .sort(([a], [b]) => a.localeCompare(b, 'en'))
      .map(
        ([name, [mine, theirs]]) =>
          `| ${name} | ${percent(mine.val)} | ${percent(mine.kodak)} | ${percent(mine.all)} | ${percent(theirs.all)} |`,
      ),
    '',
    `A pass over 512x512 on one thread of ${cpus()[0]?.model.trim()}: ${milliseconds[0].toFixed(0)} ms, the teacher's ${milliseconds[1].toFixed(0)} ms (medians of 5). The teacher finds ${percent(taught.all)} of the pictures blurred by sigma 4.`,
  ].join('\n');
}

const folder = await mkdtemp(join(tmpdir(), 'ir-encoder-card-'));
process.env.IR_MODELS_DIR = folder;
try {
  const { manifest } = await addModel(flags.teacher);
  const encoders = [await open(id), await open(manifest.id)];
  try {
    const result = await measure(encoders);
    console.log(flags.json ? JSON.stringify(result) : markdown(result));
  } finally {
    await Promise.all(encoders.map((one) => one.close()));
  }
} finally {
  await rm(folder, { recursive: true });
}
