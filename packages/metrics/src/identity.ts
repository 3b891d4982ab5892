import { UsageError } from '@ir/core';

/** A metric with all its conventions, taken apart. */
export interface MetricIdentity {
  readonly name: string;
  /** Words without a value stand with `true`. */
  readonly conventions: Readonly<Record<string, string | true>>;
  /** Raised whenever a change alters a number. */
  readonly version: number;
}

/** `ssim[y-studio,win=gauss11-1.5,border=valid,crop=4]@1` */
export function formatIdentity({ name, conventions, version }: MetricIdentity): string {
  const words = Object.entries(conventions).map(([key, value]) => (value === true ? key : `${key}=${value}`));
  return `${name}[${words.join(',')}]@${version}`;
}

const PATTERN = /^([a-z][a-z0-9-]*)\[([^\]]*)\]@(\d+)$/;

/** Reads an identity string back. @throws UsageError `IR_E_USAGE` */
export function parseIdentity(text: string): MetricIdentity {
  const [, name, words, version] = PATTERN.exec(text) ?? [];
  if (name === undefined || words === undefined || version === undefined)
    throw new UsageError(
      'IR_E_USAGE',
      `expected a metric identity like psnr[rgb,peak=255,crop=0]@1, got ${JSON.stringify(text)}`,
    );
  const conventions: Record<string, string | true> = {};
  for (const word of words.split(',').filter(Boolean)) {
    const at = word.indexOf('=');
    if (at < 0) conventions[word] = true;
    else conventions[word.slice(0, at)] = word.slice(at + 1);
  }
  return { name, conventions, version: Number(version) };
}
