// Writes the pairs of packages/metrics/goldens/everywhere.json as PNG, for scripts/goldens/metrics.py to measure.
//   npm run build && node scripts/goldens/pictures.mjs FOLDER
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageHash, saveImage } from '../../packages/core/dist/index.js';
import { goldenPairs } from '../../packages/metrics/dist/testing/golden-pairs.js';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('expected a folder to write to, got nothing');
const hashes = {};
for (const { name, reference, image } of await goldenPairs()) {
  await saveImage(reference, join(folder, `${name}.reference.png`));
  await saveImage(image, join(folder, `${name}.image.png`));
  hashes[name] = { reference: await imageHash(reference), image: await imageHash(image) };
}
await writeFile(join(folder, 'hashes.json'), JSON.stringify(hashes));
