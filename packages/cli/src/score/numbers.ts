import type { NamedScore } from '@ir/metrics';

/** Four digits after the point, of small numbers three that count. */
export const digits = (value: number): string =>
  value === 0 || Math.abs(value) >= 0.01 ? value.toFixed(4) : value.toPrecision(3);

export const shown = ({ value, reason }: Pick<NamedScore, 'value' | 'reason'>): string =>
  value === null ? (reason ?? 'undefined') : digits(value);

/** `30.1000 [29.5000, 30.7000]`; no brackets for one picture, a dash for none. */
export function withInterval(value: number | null, low: number | null, high: number | null): string {
  if (value === null) return '-';
  return low === null || high === null ? digits(value) : `${digits(value)} [${digits(low)}, ${digits(high)}]`;
}

/** What stands below a table: what each of its numbers is. */
export const legend = (scores: Readonly<Record<string, Pick<NamedScore, 'id' | 'direction'>>>): string[] =>
  Object.entries(scores).map(([alias, { id, direction }]) => `${alias}: ${id}, ${direction} is better`);
