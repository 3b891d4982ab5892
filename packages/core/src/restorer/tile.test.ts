import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseWith } from '../errors.js';
import { useModels } from '../testing/models-folder.js';
import { refusal } from '../testing/refusal.js';
import { installedRestorers } from './direct/definitions.js';
import { installedLatentRestorers } from './latent/index.js';
import { tinyFolder } from './latent/testing/models.js';
import { parseTile, tileSetting } from './tile.js';

test('a plan as text', () => {
  expect(['auto', 'none', '64+16', '64+0'].map(parseTile)).toEqual([
    'auto',
    'none',
    { size: 64, overlap: 16 },
    { size: 64, overlap: 0 },
  ]);
  for (const text of ['', '64', '64+', '+16', '64+16+8', '64 + 16', '6.4+1', '-64+16', 'all', '1234567+0'])
    expect(parseTile(text)).toBeUndefined();
});

describe('the setting', () => {
  const told = async (tile: unknown) =>
    refusal((async () => parseWith(z.strictObject({ tile: tileSetting }), { tile }, 'it'))());

  test.each<[unknown, string]>([
    ['64', 'it.tile: expected auto, none or SIZE+OVERLAP in pixels, for example 512+96, got "64".'],
    [64, 'it.tile: expected auto, none or SIZE+OVERLAP in pixels, for example 512+96, got 64.'],
    ['8+0', 'it.tile: expected a SIZE of at least 16 pixels, got "8+0".'],
    [{ size: 8, overlap: 0 }, 'it.tile.size: expected a number at least 16, got 8.'],
    [{ size: 64, overlap: -1 }, 'it.tile.overlap: expected a number at least 0, got -1.'],
    [{ size: 64 }, 'it.tile.overlap: expected a number, got nothing. Give it.'],
    [{ size: 64, overlapp: 3 }, 'Did you mean "overlap"?'],
    [null, 'it.tile: expected a string, got null.'],
  ])('%j is refused', async (tile, words) => {
    expect(await told(tile)).toContain(words);
  });
});

describe('of a restorer', () => {
  const root = mkdtempSync(join(tmpdir(), 'ir-tile-'));
  let restoreModels: () => void;
  beforeAll(async () => {
    restoreModels = useModels(join(root, 'models'));
    await cp(tinyFolder('diffbir-tiny'), join(root, 'models', 'diffbir-tiny'), { recursive: true });
  });
  afterAll(() => {
    restoreModels();
    rmSync(root, { recursive: true, force: true });
  });

  test.each(['restorer-s', 'diffbir-tiny'])('%s has one identity, however its plan is written', async (id) => {
    const all = [...(await installedRestorers()), ...(await installedLatentRestorers())];
    const identities = new Set<string>();
    for (const tile of ['64+16', { size: 64, overlap: 16 }, { overlap: 16, size: 64 }]) {
      const restorer = await all.find((one) => one.id === id)!.create({ tile }, { threads: 1 });
      identities.add(restorer.identity);
      await restorer.dispose();
    }
    expect(identities.size).toBe(1);
  });
});
