// The tiny latent models, and one of them whose network processes meet with an accident after the first step: killed, as by a system out of
// memory, or stopped, as by a graph that hangs. Their numbers go into the file that the settings name.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { installedLatentRestorers, noRestorer } from '@ir/core';
import { setup as toys } from './registry.mjs';

process.env.IR_MODELS_DIR = fileURLToPath(new URL('../../../goldens/latent', import.meta.url));

/** Numbers of this process's children. */
const childrenOf = (pid) =>
  execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);

const unlucky = (definition) => ({
  ...definition,
  id: `unlucky-${definition.id}`,
  async create({ signal, file, once = false, ...settings }, defaults) {
    const restorer = await definition.create(settings, defaults);
    const strike = () => {
      if (once && existsSync(file)) return;
      const pids = childrenOf(process.pid);
      writeFileSync(file, pids.join('\n'));
      for (const pid of pids) process.kill(pid, signal);
    };
    return {
      id: restorer.id,
      identity: `unlucky-${restorer.identity}`,
      family: 'latent-diffusion',
      scale: restorer.scale,
      needs: restorer.needs,
      restore: (image, options) =>
        restorer.restore(image, {
          ...options,
          onProgress: ({ phase, completed }) => phase === 'sample' && completed === 1 && strike(),
        }),
      dispose: () => restorer.dispose(),
    };
  },
});

export async function setup() {
  const latent = await installedLatentRestorers();
  return { metrics: toys().metrics, restorers: [noRestorer, ...latent, ...latent.map(unlucky)] };
}
