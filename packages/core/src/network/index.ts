export { Network, type NetworkOptions, type NetworkRun, PROVIDERS } from './network.js';
export { type OnnxContents, readOnnx } from './onnx-file.js';
export type { PortMetadata, ProviderFailure, Tensor } from './protocol.js';
