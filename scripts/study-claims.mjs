#!/usr/bin/env node
/**
 * What reports say of their claims as a Markdown table, for documents: `node scripts/study-claims.mjs DIR...`. Changes are those of each metric from
 * the smallest to the largest over the degradations, in its own units; their intervals stand in the reports.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error('usage: node scripts/study-claims.mjs DIR...');
  process.exit(2);
}

const WORDS = { holds: '**holds**', refuted: '**does not hold**' };
const held = (lines) => lines.filter(({ verdict }) => verdict === 'holds').length;
const verdictOf = ({ outcome, lines }) =>
  outcome === 'in part' ? `holds in ${held(lines)} of ${lines.length}` : (WORDS[outcome] ?? outcome);
const DIGITS = { psnr: 1, niqe: 1 };
const signed = (value, digits) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

function changeOf(metric, lines) {
  const values = lines.filter((line) => line.metric === metric).map(({ difference }) => difference);
  const ends = [Math.min(...values), Math.max(...values)].map((value) => signed(value, DIGITS[metric] ?? 2));
  return `${metric} ${[...new Set(ends)].join(' .. ')}`;
}

const changesOf = (lines) => [...new Set(lines.map(({ metric }) => metric))].map((metric) => changeOf(metric, lines));

console.log('| study | claim | verdict | change |\n|---|---|---|---|');
for (const folder of folders) {
  const { claims } = JSON.parse(readFileSync(join(folder, 'report', 'claims.json'), 'utf8'));
  for (const claim of claims)
    console.log(`| ${basename(folder)} | ${claim.text} | ${verdictOf(claim)} | ${changesOf(claim.lines).join('; ')} |`);
}
