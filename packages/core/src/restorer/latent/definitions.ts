import type { LatentManifest } from '../../models/manifest.js';
import { type InstalledModel, listModels } from '../../models/store.js';
import type { RestorerDefinition } from '../contract.js';
import { type LatentOptions, openLatentRestorer } from './latent.js';

/** A latent diffusion model as something a study can name; settings: docs/diffusion.md. */
export function latentRestorer(
  model: InstalledModel<LatentManifest>,
  options: Pick<LatentOptions, 'captioners'> = {},
): RestorerDefinition {
  const { id, title } = model.manifest;
  return {
    id,
    describe: title,
    create: (settings, { threads } = {}) =>
      openLatentRestorer(model, { ...options, settings, ...(threads ? { threads } : {}) }),
  };
}

/** Every installed latent diffusion model. */
export async function installedLatentRestorers(): Promise<RestorerDefinition[]> {
  const { models } = await listModels();
  return models.flatMap(({ manifest, ...rest }) =>
    manifest.kind === 'latent-diffusion' ? [latentRestorer({ ...rest, manifest })] : [],
  );
}
