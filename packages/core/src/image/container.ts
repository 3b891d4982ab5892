/** What can be told about a file from its bytes alone, before a decoder is let near it. */

export type Format = 'png' | 'jpeg' | 'webp' | 'tiff';

const latin1 = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

/** The format by its signature; other well-known formats by name, so that a message can say them; undefined: not a picture. */
export function sniff(bytes: Uint8Array): Format | { readonly other: string } | undefined {
  const head = latin1(bytes, 0, 16);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return 'tiff';
  if (head.startsWith('GIF8')) return { other: 'GIF' };
  if (head.startsWith('BM')) return { other: 'BMP' };
  if (head.startsWith('%PDF')) return { other: 'PDF' };
  if (head.slice(4, 8) === 'ftyp') return { other: /avi/.test(head.slice(8, 12)) ? 'AVIF' : 'HEIF or a video' };
  if (head.startsWith('\xff\x0a') || head.slice(4, 8) === 'JXL ') return { other: 'JPEG XL' };
  if (/^\s*<(\?xml|svg|!DOCTYPE)/i.test(head)) return { other: 'SVG or XML' };
  return undefined;
}

function pngIsComplete(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (latin1(bytes, at + 4, at + 8) === 'IEND') return true;
    at += 12 + length;
  }
  return false;
}

/** Position of the entropy-coded data: thumbnails before it have end markers of their own. */
function jpegScanStart(bytes: Uint8Array): number {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xda) return at;
    at += marker === 0xff ? 1 : 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  return bytes.length;
}

function jpegIsComplete(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2, start = jpegScanStart(bytes); at >= start; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/**
 * Is the file's end there? Decoders accept files whose last bytes are missing where the pixels happen to be complete; a file cut
 * short is refused all the same, so that an interrupted copy never goes unnoticed. WebP and TIFF decoders check this themselves.
 */
export function hasItsEnd(bytes: Uint8Array, format: Format): boolean {
  if (format === 'png') return pngIsComplete(bytes);
  if (format === 'jpeg') return jpegIsComplete(bytes);
  return true;
}
