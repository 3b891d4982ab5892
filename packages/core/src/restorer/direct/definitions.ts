import { z } from 'zod';
import { parseWith } from '../../errors.js';
import { type InstalledModel, listModels } from '../../models/store.js';
import type { Restorer, RestorerDefinition } from '../contract.js';
import { tileSetting } from '../tile.js';
import { openRestorer } from './direct.js';

const settingsSchema = z.strictObject({
  providers: z.array(z.string()).min(1).optional(),
  threads: z.int().min(1).max(256).optional(),
  tile: tileSetting.optional(),
});

/** A network as something a study can name; settings: `providers`, `threads`, `tile`. */
export function networkRestorer(model: InstalledModel): RestorerDefinition {
  const { id, title } = model.manifest;
  return {
    id,
    describe: title,
    async create(settings, defaults = {}) {
      const { providers, threads = defaults.threads, tile } = parseWith(settingsSchema, settings, `${id} settings`);
      return openRestorer(model, {
        ...(providers ? { providers } : {}),
        ...(threads ? { threads } : {}),
        ...(tile ? { tile } : {}),
      });
    },
  };
}

/** Every installed network that restores. */
export async function installedRestorers(): Promise<RestorerDefinition[]> {
  const { models } = await listModels();
  return models.filter((m) => m.manifest.kind === 'restorer').map(networkRestorer);
}

/** The picture as it came: the row "degraded" of every table. */
export const noRestorer: RestorerDefinition = {
  id: 'none',
  describe: 'the degraded picture itself',
  async create(settings) {
    parseWith(z.strictObject({}), settings, 'none settings');
    const restorer: Restorer = {
      id: 'none',
      identity: 'none@1',
      family: 'none',
      scale: 1,
      needs: { degradation: false },
      draws: false,
      restore: async (image) => image,
      dispose: async () => {},
    };
    return restorer;
  },
};
