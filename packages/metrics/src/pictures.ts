import { setImmediate } from 'node:timers/promises';
import {
  assertImage,
  assertSameSize,
  explain,
  type Image,
  InputError,
  isOpaque,
  type MetricInput,
  toRgb,
} from '@ir/core';
import { type CompareOptions, type Comparison, compareScales, type Levels, type Raster } from '@ir/native';

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

const BLOCK = 1 << 22;

/** Are all samples finite? Those that are must lie in [0, 1]. @throws InputError `IR_E_FORMAT` for another range, as 0..255 */
async function checkSamples({ data }: Image, name: string, signal?: AbortSignal): Promise<boolean> {
  let outside: number | undefined;
  for (let from = 0; from < data.length; from += BLOCK) {
    if (from > 0) await setImmediate(undefined, signal ? { signal } : {}); // a long picture does not hold up the event loop
    const end = Math.min(data.length, from + BLOCK);
    for (let i = from; i < end; i++) {
      const value = data[i]!;
      if (value >= 0 && value <= 1) continue;
      if (!Number.isFinite(value)) return false;
      outside ??= value;
    }
  }
  if (outside === undefined) return true;
  const fix = 'Divide by the peak, then round to 8 bit with toDepth(image, 8), which clips';
  throw new InputError('IR_E_FORMAT', explain({ name, expected: 'samples in [0, 1]', got: String(outside), fix }));
}

/** A picture as kernels take it, and the grid that its samples stand on. */
export interface PreparedImage {
  readonly raster: Raster;
  readonly levels: Levels;
}

/** Pictures of one size and number of channels. */
export interface Prepared {
  readonly width: number;
  readonly height: number;
  readonly images: readonly PreparedImage[];
  readonly finite: boolean;
}

const LEVELS = { 8: 255, 16: 65535, 32: 0 } as const;

async function prepare(named: readonly (readonly [string, Image])[], signal?: AbortSignal): Promise<Prepared> {
  for (const [name, image] of named) assertOpaque(image, name);
  const [[firstName, first], ...others] = named as [readonly [string, Image], ...(readonly [string, Image])[]];
  for (const [name, image] of others) assertSameSize(first, image, [firstName, name]);
  let finite = true;
  for (const [name, image] of named) finite = (await checkSamples(image, name, signal)) && finite;
  const grey = named.every(([, image]) => image.channels === 1);
  const images = named.map(([, image]) => {
    const { width, height, channels, data, depth } = grey ? image : toRgb(image);
    return { raster: { data, width, height, channels }, levels: LEVELS[depth] };
  });
  return { width: first.width, height: first.height, images, finite };
}

/** `compare` of the first two pictures at `scales` scales. */
export function compareTwo(
  { images: [a, b] }: Prepared,
  scales: number,
  options: CompareOptions,
  signal?: AbortSignal,
): Promise<Comparison[]> {
  const levels = { referenceLevels: a!.levels, imageLevels: b!.levels };
  return compareScales(a!.raster, b!.raster, scales, { ...options, ...levels }, signal ? { signal } : {});
}

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

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
