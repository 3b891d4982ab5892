import { extname } from 'node:path';
import sharp from 'sharp';
import { describeValue, explain, suggest, UsageError } from '../errors.js';
import { writeAtomically } from './atomic.js';
import { forBands } from './bands.js';
import type { Format } from './container.js';
import type { Image } from './contract.js';
import { assertImage } from './create.js';
import { quantiseRows } from './samples.js';

export interface EncodeOptions {
  /** Bits a sample; default the picture's own where the format holds it (PNG, TIFF: 8 and 16; JPEG, WebP: 8), 16 for depth 32. */
  readonly depth?: 8 | 16;
  /** JPEG: 1..100, default 95 (4:4:4). WebP: 1..100; without it WebP is lossless. Not for PNG and TIFF. */
  readonly quality?: number;
  /** What becomes of an alpha plane: `keep` (default; an error for JPEG, which has none) or `drop`. */
  readonly alpha?: 'keep' | 'drop';
  readonly signal?: AbortSignal;
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
  '.tif': 'tiff',
  '.tiff': 'tiff',
};

/** The format a file name asks for. @throws UsageError `IR_E_USAGE` for any other extension */
export function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  const format = EXTENSIONS[extension];
  if (format) return format;
  const known = Object.keys(EXTENSIONS);
  const near = extension ? suggest(extension, known) : undefined;
  throw new UsageError(
    'IR_E_USAGE',
    explain({
      name: path,
      expected: `a name ending in ${known.join(', ')}`,
      got: extension ? describeValue(extension) : 'no extension',
      fix: near ? `Did you mean ${near}?` : undefined,
    }),
  );
}

function chooseDepth(image: Image, format: Format, asked: 8 | 16 | undefined): 8 | 16 {
  const deep = format === 'png' || format === 'tiff';
  if (asked === 16 && !deep) {
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'depth', expected: `8 for ${format}`, got: '16', fix: 'Write PNG or TIFF' }),
    );
  }
  return asked ?? (deep && image.depth !== 8 ? 16 : 8);
}

function checkQuality(format: Format, quality: number | undefined): void {
  if (quality === undefined) return;
  const lossy = format === 'jpeg' || format === 'webp';
  if (lossy && Number.isInteger(quality) && quality >= 1 && quality <= 100) return;
  const expected = lossy ? 'an integer from 1 to 100' : `none: ${format} is lossless`;
  throw new UsageError('IR_E_USAGE', explain({ name: 'quality', expected, got: describeValue(quality) }));
}

async function interleave(
  image: Image,
  alpha: Float32Array | undefined,
  depth: 8 | 16,
  signal: AbortSignal | undefined,
) {
  const { width, height, channels, data } = image;
  const stride = channels + (alpha ? 1 : 0);
  const scale = depth === 16 ? 65535 : 255;
  const out = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * stride);
  const rows = (first: number, end: number) => {
    for (let c = 0; c < channels; c++)
      quantiseRows(image, data, c * width * height, out, c, stride, [first, end], scale);
    if (alpha) quantiseRows(image, alpha, 0, out, channels, stride, [first, end], scale);
  };
  await forBands(height, width * stride, rows, signal);
  return { samples: out, stride };
}

/**
 * The bytes of a file: samples clipped to [0, 1] and rounded half up; sRGB without an embedded profile; alpha put back. PNG, TIFF and
 * (without `quality`) WebP are lossless. A grey picture stays grey, but for WebP, which knows only colour.
 * @throws InputError `IR_E_NOT_FINITE`, `IR_E_SIZE`; UsageError `IR_E_USAGE` where the format cannot hold what was asked for
 */
export async function encode(image: Image, format: Format, options: EncodeOptions = {}): Promise<Uint8Array> {
  assertImage(image);
  const { signal, quality } = options;
  const depth = chooseDepth(image, format, options.depth);
  checkQuality(format, quality);
  const alpha = options.alpha === 'drop' ? undefined : image.alpha;
  if (alpha && format === 'jpeg') {
    throw new UsageError(
      'IR_E_USAGE',
      explain({
        name: 'format',
        expected: 'one that holds alpha (PNG, WebP, TIFF)',
        got: 'JPEG',
        fix: 'Choose another format, or drop the alpha plane',
      }),
    );
  }
  const { samples, stride } = await interleave(image, alpha, depth, signal);
  const { width, height, channels } = image;
  const grey = channels === 1;
  const raw = sharp(samples, { raw: { width, height, channels: stride as 1 | 2 | 3 | 4 }, limitInputPixels: false });
  const coloured = raw.toColourspace(depth === 16 ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb');
  const encoder = {
    png: () => coloured.png({ compressionLevel: 6, adaptiveFiltering: true }),
    tiff: () => coloured.tiff({ compression: 'deflate', predictor: 'horizontal' }),
    jpeg: () => coloured.jpeg({ quality: quality ?? 95, chromaSubsampling: '4:4:4', mozjpeg: false }),
    webp: () => coloured.webp(quality === undefined ? { lossless: true, exact: true } : { quality, exact: true }),
  }[format]();
  const bytes = await encoder.toBuffer();
  signal?.throwIfAborted();
  return bytes;
}

/**
 * Encodes by the extension of `path` and writes the file whole or not at all.
 * @throws as `encode` and `formatOf`; EnvironmentError `IR_E_WRITE`
 */
export async function saveImage(image: Image, path: string, options: EncodeOptions = {}): Promise<void> {
  const format = formatOf(path);
  await writeAtomically(path, await encode(image, format, options));
}
