import type { DecodeOptions, EncodeOptions } from '@ir/core';
import type { Command } from 'commander';
import { choice, given, integer } from './options.js';

export interface PictureFlags {
  readonly page?: number;
  readonly maxPixels?: number;
}

export interface SaveFlags {
  readonly depth?: '8' | '16';
  readonly quality?: number;
}

/** Flags of commands that read a picture. */
export function withPictureFlags(command: Command): Command {
  return command
    .option('--page <n>', 'page of a file of several, from 0', integer('--page', 0))
    .option('--max-pixels <n>', 'limit on width x height (default 100 million)', integer('--max-pixels', 1));
}

export function decodeOptions({ page, maxPixels }: PictureFlags, signal: AbortSignal): DecodeOptions {
  return { signal, ...given('page', page), ...(maxPixels === undefined ? {} : { limits: { maxPixels } }) };
}

/** Flags of commands that write a picture. */
export function withSaveFlags(command: Command): Command {
  return command
    .option('--depth <bits>', 'bits a sample of PNG and TIFF: 8 or 16', choice('--depth', ['8', '16'] as const))
    .option('--quality <n>', 'of JPEG (default 95) or WebP (default lossless), 1 to 100', integer('--quality', 1, 100));
}

export function encodeOptions({ depth, quality }: SaveFlags, signal: AbortSignal): EncodeOptions {
  return { signal, ...(depth ? { depth: depth === '16' ? 16 : 8 } : {}), ...given('quality', quality) };
}
