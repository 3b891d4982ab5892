import { type DeviceBuffer, load } from './addon.js';
import { IrNativeError } from './errors-native.js';
import type { DeviceRaster, Raster } from './raster.js';

/** Copies a picture to the device; kernels given the result run there and leave their output there. @throws IrNativeError IR_E_BACKEND, IR_E_MEMORY */
export function upload(raster: Raster): DeviceRaster {
  return { ...raster, data: uploadVector(raster.data) };
}

/** Copies a vector (or a picture's samples) to the device. */
export function uploadVector(data: Float32Array | Uint8Array | Uint8ClampedArray): DeviceBuffer {
  try {
    return new (load().addon.DeviceBuffer)(data);
  } catch (error) {
    throw IrNativeError.from(error);
  }
}
