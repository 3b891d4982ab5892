import sharp, { type Metadata } from 'sharp';
import { explain, InputError } from '../errors.js';
import { forBands } from './bands.js';
import { type Format, hasItsEnd, sniff } from './container.js';
import type { Image } from './contract.js';
import { type ColourTransform, DISPLAY_P3, isSrgb, readMatrixProfile, toSrgb } from './icc.js';
import { DEFAULT_LIMITS, type Limits, readSource, type Source, sourceName } from './source.js';

export interface DecodeOptions {
  readonly limits?: Limits;
  /** Which page of a file of several (TIFF, animated WebP), from 0. Without it such files are refused. */
  readonly page?: number;
  /** `convert` (default): colours of an embedded ICC profile are converted to sRGB. `ignore`: samples as they stand. */
  readonly profile?: 'convert' | 'ignore';
  readonly signal?: AbortSignal;
}

/** What a file's header says: sides after orientation, in pixels. */
export interface ImageInfo {
  readonly format: Format;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly alpha: boolean;
  /** Depth of the decoded picture: 16 for files with 16 bits a sample, 8 for 1, 2, 4 and 8 bits and for CMYK. */
  readonly depth: 8 | 16;
  readonly pages: number;
}

interface Opened extends ImageInfo {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly cmyk: boolean;
  readonly icc: Uint8Array | undefined;
}

const undecodable = (name: string, expected: string, cause: unknown) => {
  const got = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.trim();
  return new InputError(
    'IR_E_DECODE',
    explain({
      name,
      expected,
      got: `"${got}" from the decoder`,
      fix: 'The file is damaged or cut short: write or copy it again',
    }),
    { cause },
  );
};

const unsupported = (name: string, got: string, fix: string) =>
  new InputError(
    'IR_E_FORMAT',
    explain({ name, expected: 'a PNG, JPEG, WebP or TIFF of 1 to 16 bits a sample', got, fix }),
  );

function identify(bytes: Uint8Array, name: string): Format {
  const format = sniff(bytes);
  if (typeof format === 'string') return format;
  if (format) throw unsupported(name, format.other, 'Convert it first');
  throw new InputError(
    'IR_E_DECODE',
    explain({
      name,
      expected: 'a PNG, JPEG, WebP or TIFF',
      got: 'bytes of another kind',
      fix: 'Convert it first, or check that it is a picture',
    }),
  );
}

function describeHeader(meta: Metadata, format: Format, name: string): ImageInfo & { cmyk: boolean } {
  const { width, height } = meta.autoOrient;
  const grey = meta.space === 'b-w' || meta.space === 'grey16';
  const cmyk = meta.space === 'cmyk';
  if (!grey && !cmyk && meta.space !== 'srgb' && meta.space !== 'rgb' && meta.space !== 'rgb16') {
    throw unsupported(name, `colour space ${meta.space}`, 'Convert it to RGB first');
  }
  if (meta.depth !== 'uchar' && meta.depth !== 'ushort')
    throw unsupported(name, `samples of type ${meta.depth}`, 'Convert it first');
  const colours = meta.channels - (meta.hasAlpha ? 1 : 0);
  if (colours !== (grey ? 1 : cmyk ? 4 : 3))
    throw unsupported(name, `${meta.channels} channels`, 'Remove the extra channels first');
  return {
    format,
    width,
    height,
    channels: grey ? 1 : 3,
    alpha: meta.hasAlpha,
    depth: meta.depth === 'ushort' && !cmyk ? 16 : 8,
    pages: meta.pages ?? 1,
    cmyk,
  };
}

async function openImage(source: Source, options: DecodeOptions): Promise<Opened> {
  const name = sourceName(source);
  const { maxPixels = DEFAULT_LIMITS.maxPixels } = options.limits ?? {};
  const bytes = await readSource(source, options.limits);
  const format = identify(bytes, name);
  if (!hasItsEnd(bytes, format))
    throw undecodable(name, `a complete ${format.toUpperCase()}`, 'the end of the file is missing');
  let meta: Metadata;
  try {
    meta = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw undecodable(name, `a ${format.toUpperCase()} with a sound header`, error);
  }
  const info = describeHeader(meta, format, name);
  if (info.width * info.height > maxPixels) {
    throw new InputError(
      'IR_E_LIMIT',
      explain({
        name,
        expected: `at most ${maxPixels} pixels`,
        got: `${info.width}x${info.height} = ${info.width * info.height}`,
        fix: 'Reduce the picture, or raise maxPixels if it is trusted and memory allows',
      }),
    );
  }
  return { ...info, bytes, name, icc: meta.icc };
}

/** Reads the header only. Errors as `decode`, but for damage further on in the file. */
export async function probe(source: Source, options: DecodeOptions = {}): Promise<ImageInfo> {
  const { format, width, height, channels, alpha, depth, pages } = await openImage(source, options);
  return { format, width, height, channels, alpha, depth, pages };
}

type Colours = { readonly byDecoder: boolean; readonly transform?: ColourTransform };

/** How the file's colours become sRGB: by the decoder's colour engine, by our own curves and matrix, or not at all. */
function planColours({ icc, name, cmyk, depth, channels }: Opened, profile: 'convert' | 'ignore'): Colours {
  if (cmyk) return { byDecoder: true };
  if (profile === 'ignore' || !icc) return { byDecoder: false };
  const scale = depth === 16 ? 65535 : 255;
  try {
    const matrix = readMatrixProfile(icc);
    if (matrix && matrix.space === (channels === 1 ? 'grey' : 'rgb')) {
      return isSrgb(matrix) ? { byDecoder: false } : { byDecoder: false, transform: toSrgb(matrix, scale) };
    }
  } catch (error) {
    throw new InputError(
      'IR_E_DECODE',
      explain({
        name,
        expected: 'a readable ICC profile',
        got: (error as Error).message,
        fix: 'Decode with profile: "ignore" to take samples as they stand',
      }),
      { cause: error },
    );
  }
  if (channels === 1)
    throw unsupported(name, 'a grey picture with a profile built on tables', 'Decode with profile: "ignore"');
  // The decoder converts 16-bit pictures to Display P3, whatever is asked for: the rest of the way is ours.
  return depth === 16 ? { byDecoder: true, transform: toSrgb(DISPLAY_P3, scale) } : { byDecoder: true };
}

async function rawSamples(opened: Opened, byDecoder: boolean, page: number) {
  const { bytes, channels, alpha, depth, name, format } = opened;
  const space = depth === 16 ? (channels === 1 ? 'grey16' : 'rgb16') : channels === 1 && !alpha ? 'b-w' : 'srgb';
  const warnings: string[] = [];
  try {
    const decoder = sharp(bytes, { failOn: 'error', page, ignoreIcc: !byDecoder, limitInputPixels: false });
    decoder.on('warning', (warning: string) => warnings.push(warning));
    const { data, info } = await decoder
      .autoOrient()
      .toColourspace(space)
      .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    // The engine would go on without the profile: not silently.
    const refused = warnings.find((warning) => /invalid embedded profile/i.test(warning));
    if (refused && byDecoder) throw new Error(refused);
    const samples = depth === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
    return { samples, width: info.width, height: info.height, stride: info.channels };
  } catch (error) {
    throw undecodable(name, `a sound ${format.toUpperCase()}`, error);
  }
}

/**
 * A PNG, JPEG, WebP or TIFF as a picture: EXIF orientation applied, grey kept as one channel, alpha split off (absent where opaque),
 * colours of an embedded profile converted to sRGB (an sRGB profile or none: samples exactly as stored), 8- and 16-bit samples exact.
 * CMYK is converted by its profile to 8-bit RGB. Limits are checked from the file's length and header before memory is taken.
 * @throws InputError `IR_E_NOT_FOUND`, `IR_E_DECODE` (not a picture, damaged, truncated), `IR_E_FORMAT` (a kind of picture that is not
 * supported, several pages without `page`), `IR_E_LIMIT`
 */
export async function decode(source: Source, options: DecodeOptions = {}): Promise<Image> {
  const { signal, page = 0, profile = 'convert' } = options;
  signal?.throwIfAborted();
  const opened = await openImage(source, options);
  if (opened.pages > 1 && options.page === undefined) {
    throw unsupported(opened.name, `${opened.pages} pages or frames`, 'Say which one by the page option, from 0');
  }
  if (!Number.isSafeInteger(page) || page < 0 || page >= opened.pages) {
    throw unsupported(opened.name, `page ${page} of a file of ${opened.pages}`, 'Pages count from 0');
  }
  const colours = planColours(opened, profile);
  signal?.throwIfAborted();
  const raw = await rawSamples(opened, colours.byDecoder, page);
  signal?.throwIfAborted();
  return toPlanar(opened, raw, colours.transform, signal);
}

async function toPlanar(
  { channels, alpha: hasAlpha, depth }: Opened,
  raw: Awaited<ReturnType<typeof rawSamples>>,
  transform: ColourTransform | undefined,
  signal: AbortSignal | undefined,
): Promise<Image> {
  const { samples, width, height, stride } = raw;
  const count = width * height;
  const scale = depth === 16 ? 65535 : 255;
  const data = new Float32Array(count * channels);
  const alpha = hasAlpha ? new Float32Array(count) : undefined;
  let opaque = true;
  await forBands(
    height,
    width * stride,
    (first, end) => {
      for (let c = 0; c < channels; c++) {
        for (let i = first * width; i < end * width; i++) data[c * count + i] = samples[i * stride + c]! / scale;
      }
      if (alpha) {
        for (let i = first * width; i < end * width; i++) {
          const opacity = samples[i * stride + stride - 1]!;
          alpha[i] = opacity / scale;
          opaque &&= opacity === scale;
        }
      }
      transform?.(data, count, first * width, end * width);
    },
    signal,
  );
  return { width, height, channels, data, depth, ...(alpha && !opaque ? { alpha } : {}) };
}
