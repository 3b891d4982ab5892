// Degrades a photograph, restores it with the bundled network, and says whether that was worth it. From a built checkout:
//   node docs/examples/restore.mjs PHOTO.png OUT.png
import {
  decode,
  degrade,
  exitCodeOf,
  findModel,
  isAbort,
  openRestorer,
  parseDegradation,
  saveImage,
  toDepth,
} from '@ir/core';
import { createMetrics, scorePair } from '@ir/metrics';

const [input, output] = process.argv.slice(2);
if (!input || !output) {
  console.error('usage: node docs/examples/restore.mjs PHOTO OUT');
  process.exit(2);
}

// Everything that may last takes a signal: here Ctrl-C, and a limit of two minutes.
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(120_000)]);

const onProgress = ({ phase, completed, total }) => console.error(`${phase}: ${completed} of ${total}`);

try {
  // I_x, planar float32 in [0, 1]; then Eq. 1: the same seed gives the same I_y, whatever the threads.
  const original = await decode(input, { signal });
  const degradation = parseDegradation('blur[sigma=1.5]|noise[gauss,sigma=3]');
  const degraded = await degrade(original, degradation, { seed: 1, signal, onProgress });

  // Eq. 2. The network runs in a process of its own until it is disposed of; `tile: 'auto'` cuts large pictures only.
  const restorer = await openRestorer(await findModel('restorer-s'), { threads: 2, signal });
  let restored;
  try {
    restored = toDepth(await restorer.restore(degraded, { tile: 'auto', signal, onProgress }), 8);
  } finally {
    await restorer.dispose();
  }
  await saveImage(restored, output, { signal });

  const metrics = createMetrics(['psnr', 'ssim-y', 'niqe']);
  const before = await scorePair({ reference: original, image: degraded }, metrics);
  const after = await scorePair({ reference: original, image: restored }, metrics);
  for (const { alias, direction } of metrics) {
    const told = [before, after].map((scores) => scores[alias].value?.toFixed(3) ?? scores[alias].reason);
    console.log(`${alias}: ${told.join(' -> ')} (${direction} is better)`);
  }
} catch (error) {
  // Errors carry a stable code and say what to do.
  console.error(isAbort(error) ? 'interrupted' : `${error.code ?? error.name}: ${error.message}`);
  process.exitCode = exitCodeOf(error);
}
