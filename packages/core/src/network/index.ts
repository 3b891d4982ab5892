export { Network, type NetworkOptions, type NetworkRun, PROVIDERS } from './network.js';
export { type NetworkCall, observeCalls } from './observe.js';
export { type OnnxContents, readOnnx } from './onnx-file.js';
export { networkProcesses } from './process.js';
export type { PortMetadata, ProviderFailure, Tensor } from './protocol.js';
