import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import { forBands } from './bands.js';
import type { Image } from './contract.js';
import { quantiseRows } from './samples.js';

/** One row band of a plane in the form that is hashed: uint8, uint16 or float32, little endian. */
function rowsToHash(image: Image, plane: Float32Array, offset: number, first: number, end: number): Uint8Array {
  const { width, depth } = image;
  const from = offset + first * width;
  const to = offset + end * width;
  if (depth === 32) {
    const rows = plane.slice(from, to);
    for (let i = 0; i < rows.length; i++) rows[i] = rows[i]! + 0; // -0 and 0 are the same picture
    return littleEndian(rows);
  }
  const out = new (depth === 16 ? Uint16Array : Uint8Array)(to - from);
  quantiseRows(
    { width, height: image.height },
    plane.subarray(from, to),
    0,
    out,
    0,
    1,
    [0, end - first],
    depth === 16 ? 65535 : 255,
  );
  return littleEndian(out);
}

function littleEndian(samples: Uint8Array | Uint16Array | Float32Array): Uint8Array {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  if (endianness() === 'LE' || samples.BYTES_PER_ELEMENT === 1) return bytes;
  return samples.BYTES_PER_ELEMENT === 2 ? bytes.swap16() : bytes.swap32();
}

function header(image: Image): Uint8Array {
  const head = Buffer.alloc(20);
  [image.width, image.height, image.channels, image.depth, image.alpha ? 1 : 0].forEach((value, i) => {
    head.writeUInt32LE(value, 4 * i);
  });
  return head;
}

/**
 * SHA-256 of what the picture is, in hexadecimal: file names, formats and metadata do not enter. Hashed are the ASCII bytes
 * `ir.image/1`, a line feed, then width, height, channels, depth and 1 for an alpha plane (else 0) as 32-bit integers, then the
 * planes in order (alpha last), samples as integers of `depth` bits (float32 for depth 32); all little endian.
 * @throws InputError `IR_E_NOT_FINITE` (depth 8 and 16)
 */
export async function imageHash(image: Image, options: { readonly signal?: AbortSignal } = {}): Promise<string> {
  const hash: Hash = createHash('sha256').update('ir.image/1\n').update(header(image));
  const planes = Array.from(
    { length: image.channels },
    (_, c) => [image.data, c * image.width * image.height] as const,
  );
  if (image.alpha) planes.push([image.alpha, 0]);
  for (const [plane, offset] of planes) {
    const update = (first: number, end: number) => hash.update(rowsToHash(image, plane, offset, first, end));
    await forBands(image.height, image.width, update, options.signal);
  }
  return hash.digest('hex');
}
