export * from './autoencoder/index.js';
export * from './classical/index.js';
export type * from './contract.js';
export { installedRestorers, networkRestorer, noRestorer } from './direct/definitions.js';
export { type DirectOptions, type DirectRestorer, openRestorer } from './direct/direct.js';
export { type Tile, tilesOf } from './direct/tiles.js';
export * from './latent/index.js';
export { parseTile, TILE_FORMS, tileSetting } from './tile.js';
