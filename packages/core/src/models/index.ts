export { type AddModelOptions, addModel } from './add.js';
export { type Manifest, type Port, parseManifest, type RestorerManifest } from './manifest.js';
export * from './store.js';
export { type Verification, verifyModel } from './verify.js';
