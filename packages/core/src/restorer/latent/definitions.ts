import type { LatentManifest } from '../../models/manifest.js';
import { type InstalledModel, listModels } from '../../models/store.js';
import { canonicalJson, hashOf } from '../../study/canonical.js';
import type { RestorerDefinition } from '../contract.js';
import { checkSettings, type LatentOptions, type OpenLatentModel, openLatentModel } from './latent.js';

/** An open model and how many restorers look through it. */
interface Shared {
  readonly opened: Promise<OpenLatentModel>;
  users: number;
}

/** A study sweeps over settings of one model: its graphs are opened once, and closed with the last restorer. */
class Pool {
  readonly #open = new Map<string, Shared>();

  async take(
    key: string,
    open: () => Promise<OpenLatentModel>,
  ): Promise<{ opened: OpenLatentModel; release: () => Promise<void> }> {
    const shared = this.#open.get(key) ?? { opened: open(), users: 0 };
    this.#open.set(key, shared);
    shared.users++;
    const release = async () => {
      if (--shared.users > 0) return;
      this.#open.delete(key);
      await shared.opened.then(
        (opened) => opened.dispose(),
        () => {}, // has been told to whoever asked
      );
    };
    try {
      return { opened: await shared.opened, release };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

const pool = new Pool();

/** A latent diffusion model as something a study can name; settings: docs/diffusion.md. */
export function latentRestorer(
  model: InstalledModel<LatentManifest>,
  options: Pick<LatentOptions, 'captioners'> = {},
): RestorerDefinition {
  const { folder, manifest } = model;
  const { id, title } = manifest;
  // Captioners from outside are known by nothing but themselves: models that have them are not shared beyond this definition.
  const shared = options.captioners ? new Pool() : pool;
  return {
    id,
    describe: title,
    async create(settings, { threads } = {}) {
      const given = { ...(threads ? { threads } : {}), ...settings };
      const { providers, threads: own } = checkSettings(manifest, given);
      const session = { ...(providers ? { providers } : {}), ...(own ? { threads: own } : {}) };
      const key = canonicalJson({ folder, manifest: hashOf(manifest), session });
      const { opened, release } = await shared.take(key, () => openLatentModel(model, { ...options, ...session }));
      try {
        return opened.under(given, release);
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}

/** Every installed latent diffusion model. */
export async function installedLatentRestorers(): Promise<RestorerDefinition[]> {
  const { models } = await listModels();
  return models.flatMap(({ manifest, ...rest }) =>
    manifest.kind === 'latent-diffusion' ? [latentRestorer({ ...rest, manifest })] : [],
  );
}
