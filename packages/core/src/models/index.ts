export { type AddModelOptions, addModel } from './add.js';
export { type AddAutoencoderOptions, addAutoencoder } from './add-autoencoder.js';
export { graphParts, weightsOf } from './latent-parts.js';
export { findModelSync, modelsSync } from './lookup.js';
export {
  type AutoencoderManifest,
  type DistanceManifest,
  type EncoderManifest,
  type GraphManifest,
  type LatentManifest,
  type Manifest,
  type MetricManifest,
  type Port,
  parseManifest,
  type QualityManifest,
  type RestorerManifest,
} from './manifest.js';
export { type Embedding, embed, measureDistance, measureQuality } from './measure.js';
export { checkPorts } from './ports.js';
export { type RemovedModel, removeModel } from './remove.js';
export * from './store.js';
export { type Verification, verifyModel } from './verify.js';
