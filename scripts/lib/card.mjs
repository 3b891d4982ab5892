/** What the scripts behind model cards share: where pictures are, how they are read, and how two are compared. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, toDepth } from '@ir/core';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const shared = (name) => join(root, '../shared/data', name);

export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean squared error of two pictures. */
export const mse = (a, b) => a.data.reduce((sum, v, i) => sum + (v - b.data[i]) ** 2, 0) / a.data.length;

/** RGB PSNR in dB; infinite where they are the same. */
export const psnr = (a, b) => -10 * Math.log10(mse(a, b));

/** The first `count` photographs of a folder by name, in 8 bit. */
export async function photographs(folder, count = Number.POSITIVE_INFINITY) {
  const names = (await readdir(folder)).filter((name) => /\.(png|jpe?g|tiff?|webp)$/i.test(name));
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const images = [];
  for (const name of names.slice(0, Number(count))) images.push(toDepth(await decode(join(folder, name)), 8));
  return images;
}

/** The command that is running, and the day. */
export const commandLine = (script) =>
  `\`${['node', `scripts/${script}`, ...process.argv.slice(2)].join(' ')}\`, ${new Date().toISOString().slice(0, 10)}`;
