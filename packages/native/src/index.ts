/** `@ir/native`: the kernels of `native-src` as typed, asynchronous functions. */
export type { AddonReport, DeviceBuffer } from './addon.js';
export { calibrate } from './calibrate.js';
export { type Calibration, readCalibration, useCalibration } from './calibration.js';
export { upload, uploadVector } from './device.js';
export { IrError } from './errors.js';
export { IrNativeError } from './errors-native.js';
export { inspect, type NativeReport } from './inspect.js';
export * from './kernels.js';
export type { Backend, ExecOptions, Ran, Variant } from './options.js';
export type { DeviceRaster, InterleavedU8, PlanarF32, Raster } from './raster.js';
export { type SharedMemory, sharedMemory } from './shared-memory.js';
