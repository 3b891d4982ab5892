#!/usr/bin/env node
/**
 * A study's means with their 95 % intervals as a Markdown table, for documents: `node scripts/study-table.mjs DIR [--metric ssim,psnr,niqe] [--x 1,2,4]
 * [--restorers 'LABEL,LABEL']`
 * (after `npm run build`). The best shown restorer of a row is bold where the interval of its paired difference to every other excludes 0.
 */
import { parseArgs } from 'node:util';
import { ratioText, readStudy, statisticsOf } from '@ir/core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { metric: { type: 'string' }, x: { type: 'string' }, restorers: { type: 'string' } },
});
const [folder] = positionals;
if (!folder) {
  console.error(
    'usage: node scripts/study-table.mjs DIR [--metric ssim,psnr,niqe] [--x 1,2,4] [--restorers LABEL,LABEL]',
  );
  process.exit(2);
}
const results = await readStudy(folder);
const { spec, metrics } = results;
const statistics = statisticsOf(results);
const wanted = values.metric?.split(',') ?? metrics.map(({ alias }) => alias);
const xs = values.x?.split(',').map(Number);
const shown = spec.degradations.filter(({ x }) => !xs || xs.includes(x));
const asked = values.restorers?.split(',');
const labels = spec.restorers.map(({ label }) => label).filter((label) => !asked || asked.includes(label));
const digits = { ssim: 3, psnr: 2, niqe: 2 };

/** The restorer that is better than every other, by paired differences; undefined where none is. */
function winner(degradation, alias) {
  return labels.find((one) =>
    labels.every((other) => other === one || statistics.compare(degradation, alias, one, other).verdict === 'better'),
  );
}

function cell(degradation, label, alias) {
  const { mean, interval } = statistics.summary(degradation, label, alias);
  if (mean === null || mean === undefined) return '-';
  const round = (v) => v.toFixed(digits[alias] ?? 3);
  const text = winner(degradation, alias) === label ? `**${round(mean)}**` : round(mean);
  return interval ? `${text} <sub>${round(interval.low)}..${round(interval.high)}</sub>` : text;
}

/** A restorer's name, with how far its latent is smaller than the picture. */
const ratios = results.manifest.compression ?? {};
const headOf = (label) => (label in ratios ? `${label} (${ratioText(ratios[label])})` : label);

for (const alias of wanted) {
  const metric = metrics.find((m) => m.alias === alias);
  if (!metric) {
    console.error(`${alias}: not in ${folder} (its network was not installed, or the study does not ask for it)`);
    continue;
  }
  const { direction } = metric;
  console.log(`| ${alias} (${direction} is better) | ${labels.map(headOf).join(' | ')} |`);
  console.log(`|---|${labels.map(() => '---').join('|')}|`);
  for (const { name } of shown) console.log(`| ${name} | ${labels.map((l) => cell(name, l, alias)).join(' | ')} |`);
  console.log('');
}
