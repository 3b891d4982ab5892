export { Network, type NetworkOptions, type NetworkRun } from './network.js';
export { type OnnxContents, readOnnx } from './onnx-file.js';
export type { PortMetadata, ProviderFailure, Tensor } from './protocol.js';
