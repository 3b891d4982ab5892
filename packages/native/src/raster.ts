import type { DeviceBuffer } from './addon.js';
import { IrNativeError } from './errors-native.js';

/** Planar float32: channel c of (x, y) is `data[(c * height + y) * width + x]`; [0, 1] by convention. */
export interface PlanarF32 {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Interleaved bytes: channel c of (x, y) is `data[(y * width + x) * channels + c]`. */
export interface InterleavedU8 {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A picture on the device, planar float32 or interleaved bytes by what was uploaded. */
export interface DeviceRaster {
  readonly data: DeviceBuffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The type of `data` decides the layout. */
export type Raster = PlanarF32 | InterleavedU8;

export const samplesOf = (r: { width: number; height: number; channels: number }): number =>
  r.width * r.height * r.channels;

type HostData = Raster['data'];

export const isHostData = (data: unknown): data is HostData =>
  data instanceof Float32Array || data instanceof Uint8Array || data instanceof Uint8ClampedArray;

/**
 * Whether memory for a result may be sized by this picture: whole sides, and on the host as many samples as they say. What is not sound goes to
 * the addon as it is, which names what is wrong.
 */
export function isSound(r: Raster | DeviceRaster): boolean {
  const sides = [r?.width, r?.height, r?.channels];
  if (!sides.every((side) => Number.isInteger(side) && side >= 1)) return false;
  return !isHostData(r.data) || r.data.length === samplesOf(r);
}

/** A raster of the same kind as `like`. Float memory is zeroed by the engine. */
export function rasterLike<R extends Raster>(like: R, width: number, height: number): R {
  const samples = width * height * like.channels;
  if (!Number.isSafeInteger(samples) || samples < 1)
    throw new IrNativeError(
      'IR_E_SHAPE',
      `expected at least one pixel for the result, got ${width}x${height}x${like.channels}`,
    );
  try {
    const data = like.data instanceof Float32Array ? new Float32Array(samples) : new Uint8Array(samples);
    return { data, width, height, channels: like.channels } as unknown as R;
  } catch (error) {
    throw new IrNativeError(
      'IR_E_MEMORY',
      `expected enough memory for a result of ${width}x${height}x${like.channels}, got none; use a smaller size or tiles`,
      { cause: error },
    );
  }
}
