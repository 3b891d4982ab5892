/** `@ir/cli`: the command line as a function, and the registry of everything it can name. */
export { setup } from './registry.js';
export { run } from './run.js';
export type { Output, Terminal } from './terminal.js';
