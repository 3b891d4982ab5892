import type { Quality, RestorerProfile } from './schema.js';

export { directionText, fixed, metricTitle } from '../report/wording.js';

/** Four decimals where values stay around 1 (SSIM), two up to a thousand, none beyond. */
export const decimalsFor = (value: number): number => (Math.abs(value) < 1.5 ? 4 : Math.abs(value) < 1000 ? 2 : 0);

/** `7.80 M`, `12.3 k`, `333`. */
export function countText(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toPrecision(4)} M`;
  return n >= 1e4 ? `${(n / 1e3).toFixed(1)} k` : String(n);
}

/** `1.23 s`, `45.6 ms`, `0.12 ms`. */
export function timeText(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds >= 100 ? 0 : milliseconds >= 10 ? 1 : 2)} ms`;
}

export const memoryText = (bytes: number | null): string =>
  bytes === null ? 'not known' : `${(bytes / 2 ** 20).toFixed(0)} MiB`;

export const percentText = (share: number): string => `${(100 * share).toFixed(2)} %`;

export function qualityText({ mean, low, high, seedDeviation }: Quality): string {
  if (mean === null) return '-';
  const decimals = decimalsFor(mean);
  const range = low === null || high === null ? '' : ` [${low.toFixed(decimals)}, ${high.toFixed(decimals)}]`;
  const spread = seedDeviation === null ? '' : ` ±${seedDeviation.toFixed(decimals)}`;
  return `${mean.toFixed(decimals)}${spread}${range}`;
}

/** `denoiser 100, encoder 1`: numbers by part. */
export const byPart = (parts: Readonly<Record<string, number>>): string =>
  Object.entries(parts)
    .map(([part, n]) => `${part} ${n}`)
    .join(', ');

/** `denoiser 7.80 M, encoder as conditionEncoder`. */
export const parametersText = ({ parameters }: RestorerProfile): string =>
  (parameters?.parts ?? [])
    .map(({ part, weights, sameAs }) => `${part} ${sameAs === undefined ? countText(weights) : `as ${sameAs}`}`)
    .join(', ');
