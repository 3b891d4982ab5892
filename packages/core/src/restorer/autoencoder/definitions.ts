import type { AutoencoderManifest } from '../../models/manifest.js';
import { type InstalledModel, listModels } from '../../models/store.js';
import type { RestorerDefinition } from '../contract.js';
import { openAutoencoder } from './autoencoder.js';

/** An autoencoder as something a study can name; settings: `initial`, `tile`, `providers`, `threads`. */
export const autoencoderRestorer = (model: InstalledModel<AutoencoderManifest>): RestorerDefinition => ({
  id: model.manifest.id,
  describe: model.manifest.title,
  create: (settings, { threads } = {}) => openAutoencoder(model, { settings, ...(threads ? { threads } : {}) }),
});

/** Every installed autoencoder. */
export async function installedAutoencoders(): Promise<RestorerDefinition[]> {
  const { models } = await listModels();
  return models.flatMap(({ manifest, ...rest }) =>
    manifest.kind === 'autoencoder' ? [autoencoderRestorer({ ...rest, manifest })] : [],
  );
}
