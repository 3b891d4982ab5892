import { createHash } from 'node:crypto';
import type { Image } from '../image/contract.js';
import { imageHash } from '../image/hash.js';

/**
 * The 32-bit stream number of the noise generator: the first four bytes (little endian) of SHA-256 over the ASCII text
 * `ir.stream/1`, a line feed, the picture's hash (`imageHash`, hexadecimal), a line feed, and the purpose. So noise depends on what
 * the source picture shows and on what it is drawn for, never on file names, folder order or the clock. Fixed for ever.
 * @param purpose `degradation/noise/K` for the K-th noise step (from 0) of a degradation
 */
export async function noiseStream(
  source: Image,
  purpose: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  return streamOfHash(await imageHash(source, options), purpose);
}

/** `noiseStream` for a picture hash known already. */
export function streamOfHash(hash: string, purpose: string): number {
  return createHash('sha256').update(`ir.stream/1\n${hash}\n${purpose}`).digest().readUInt32LE(0);
}
