import type { Tensor } from '../src/network/protocol.js';

/** Tensors of passes by name, with their values or with the place where these lie. */
type Crossing = readonly Readonly<Record<string, object>>[];
type Values = Tensor['data'];

export const BYTES: number;
export function put(memory: ArrayBuffer | undefined, passes: Crossing, start?: number): Crossing;
export function endOf(passes: Crossing): number;
export function take<T extends Crossing>(
  memory: ArrayBuffer | undefined,
  passes: T,
  own: (values: Values, tensor: object, pass: number, name: string) => Values,
): T;
