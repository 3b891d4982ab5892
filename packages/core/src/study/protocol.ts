import type { Degradation } from '../degradation/contract.js';
import { scaleOf } from '../degradation/defaults.js';
import type { DegradeOptions } from '../degradation/degrade.js';
import { bringToSize, type Comparable, UPSCALE_IDENTITY } from '../degradation/protocol.js';
import { explain, InputError } from '../errors.js';
import type { Image } from '../image/contract.js';
import { toDepth } from '../image/samples.js';
import type { Restorer } from '../restorer/contract.js';

/** How an output becomes comparable, part of every cell's address: rounded half up to 8 bit, then brought to size where it has another. */
export const OUTPUT_IDENTITY = `output[round8]|${UPSCALE_IDENTITY}`;

/**
 * What is scored: a restorer of scale 1 gets I_y brought up to size, any other I_y itself; its output is rounded to 8 bit, and brought to the
 * reference's size where the restorer's scale is not the task's. Only restorers that need the degradation are told it.
 * @throws InputError `IR_E_SIZE` where the output's size is not the restorer's scale
 */
export async function restoreForComparison(
  restorer: Restorer,
  { reference, degraded, comparable }: Comparable,
  {
    degradation,
    seed,
    exec,
    signal,
  }: {
    degradation: Degradation;
    seed: number;
    exec: NonNullable<DegradeOptions['exec']>;
    signal?: AbortSignal | undefined;
  },
): Promise<Image> {
  const input = restorer.scale === 1 ? comparable : degraded;
  const call = signal ? { signal } : {};
  const told = restorer.needs.degradation ? { degradation } : {};
  const output = toDepth(await restorer.restore(input, { seed, ...told, ...call }), 8);
  const task = scaleOf(degradation);
  const asTask = restorer.scale === 1 || restorer.scale === task;
  const [width, height] = asTask
    ? [reference.width, reference.height]
    : [Math.round(input.width * restorer.scale), Math.round(input.height * restorer.scale)];
  if (output.width !== width || output.height !== height) {
    const got = `${output.width}x${output.height} from ${input.width}x${input.height}`;
    const name = `output of ${restorer.id}`;
    throw new InputError('IR_E_SIZE', explain({ name, expected: `${width}x${height} (scale ${restorer.scale})`, got }));
  }
  return bringToSize(output, reference.width, reference.height, { exec, ...call });
}
