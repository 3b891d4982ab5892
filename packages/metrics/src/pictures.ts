import { setImmediate } from 'node:timers/promises';
import {
  assertImage,
  assertSameSize,
  explain,
  type Image,
  InputError,
  isOpaque,
  type MetricInput,
  toInterleavedU8,
  toRgb,
} from '@ir/core';
import type { Raster } from '@ir/native';

/** Refuses what metrics are not defined for: pictures with transparency. @throws InputError `IR_E_FORMAT` */
export function assertOpaque(image: Image, name: string): void {
  assertImage(image, name);
  if (isOpaque(image)) return;
  const fix = 'Flatten it onto a background first';
  throw new InputError(
    'IR_E_FORMAT',
    explain({ name, expected: 'an opaque picture', got: 'one with transparency', fix }),
  );
}

/** Are all samples finite? Those that are must lie in [0, 1]. @throws InputError `IR_E_FORMAT` for another range, as 0..255 */
function checkSamples(image: Image, name: string): boolean {
  if (image.depth !== 32) return true; // on the grid of 8 or 16 bits by contract
  let outside: number | undefined;
  for (const value of image.data) {
    if (!Number.isFinite(value)) return false;
    if (value < 0 || value > 1) outside ??= value;
  }
  if (outside === undefined) return true;
  const fix = 'Divide by the peak, then round to 8 bit with toDepth(image, 8), which clips';
  throw new InputError('IR_E_FORMAT', explain({ name, expected: 'samples in [0, 1]', got: String(outside), fix }));
}

/** Pictures in the form that kernels take: exact bytes where all have 8 bits, else float samples in their own precision. */
export interface Prepared {
  readonly width: number;
  readonly height: number;
  readonly rasters: readonly Raster[];
  readonly finite: boolean;
}

async function prepare(named: readonly (readonly [string, Image])[], signal?: AbortSignal): Promise<Prepared> {
  for (const [name, image] of named) assertOpaque(image, name);
  const images = named.map(([, image]) => image);
  const [first, ...others] = images as [Image, ...Image[]];
  for (const [i, other] of others.entries()) assertSameSize(first, other, [named[0]![0], named[i + 1]![0]]);
  const finite = named.map(([name, image]) => checkSamples(image, name)).every(Boolean);
  const bytes = images.every((image) => image.depth === 8);
  const grey = images.every((image) => image.channels === 1);
  const rasters: Raster[] = [];
  for (const image of images) {
    await setImmediate(undefined, signal ? { signal } : {}); // one picture at a time on the event loop
    const { width, height, channels, data, depth } = grey ? image : toRgb(image);
    const samples = bytes ? toInterleavedU8({ width, height, channels, data, depth }) : data;
    rasters.push({ data: samples, width, height, channels } as Raster);
  }
  return { width: first.width, height: first.height, rasters, finite };
}

/** What metrics of one input have in common is made once. */
function shared<T>(make: (input: MetricInput) => Promise<T>): (input: MetricInput) => Promise<T> {
  const made = new WeakMap<MetricInput, Promise<T>>();
  return (input) => {
    const found = made.get(input) ?? make(input);
    made.set(input, found);
    return found;
  };
}

/** Reference and output in one shape. @throws InputError `IR_E_SIZE`, `IR_E_FORMAT` */
export const preparedPair = shared(({ reference, image, signal }) =>
  prepare([['reference', reference!] as const, ['output', image] as const], signal),
);

/** The output alone. @throws InputError `IR_E_FORMAT` */
export const preparedImage = shared(({ image, signal }) => prepare([['output', image] as const], signal));

/** Any other two pictures of equal size. @throws InputError `IR_E_SIZE`, `IR_E_FORMAT` */
export const preparedTwo = (
  a: readonly [string, Image],
  b: readonly [string, Image],
  signal?: AbortSignal,
): Promise<Prepared> => prepare([a, b], signal);

/** The shorter side left after `crop` pixels are taken off everywhere. */
export const shortSide = ({ width, height }: { width: number; height: number }, crop: number): number =>
  Math.min(width, height) - 2 * crop;
