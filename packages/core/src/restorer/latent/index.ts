export { BUILTIN_CAPTIONERS } from './captioner.js';
export { type ColourFix, fixColour } from './colour.js';
export type { Captioner, LatentRestorer, LatentStep } from './contract.js';
export { installedLatentRestorers, latentRestorer } from './definitions.js';
export { flatness } from './edges.js';
export type { Grid } from './grid.js';
export { type LatentOptions, openLatentRestorer, scheduleOf } from './latent.js';
export type { LatentSettings } from './settings.js';
export { gaussianWeights, type WindowWeights, windowStarts } from './windows.js';
