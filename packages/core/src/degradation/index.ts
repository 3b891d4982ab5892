export type * from './contract.js';
export * from './defaults.js';
export * from './degrade.js';
export { degradationIdentity } from './identity.js';
export * from './presets.js';
export * from './protocol.js';
export * from './schema.js';
export * from './stream.js';
