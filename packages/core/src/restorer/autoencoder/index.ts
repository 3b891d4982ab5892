export { type AutoencoderOptions, type AutoencoderRestorer, openAutoencoder } from './autoencoder.js';
export { autoencoderRestorer, installedAutoencoders } from './definitions.js';
