/** A workload: inputs, an exact result, and implementations that all claim to compute it. Ours is called `ir`. */
import { blurWorkloads } from './blur.mjs';
import { denoiseWorkloads } from './denoise.mjs';
import { niqeWorkloads } from './niqe.mjs';
import { resizeWorkloads } from './resize.mjs';
import { ssimWorkloads } from './ssim.mjs';

const module = import.meta.url;
export const workloads = [
  ...denoiseWorkloads,
  ...blurWorkloads,
  ...resizeWorkloads,
  ...ssimWorkloads,
  ...niqeWorkloads,
].map((w) => ({ ...w, module }));
