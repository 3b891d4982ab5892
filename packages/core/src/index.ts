export * from './degradation/index.js';
export * from './errors.js';
export * from './image/index.js';
export * from './metric/contract.js';
export * from './models/index.js';
export * from './network/index.js';
export type * from './progress.js';
export type * from './registry.js';
export * from './restorer/index.js';
