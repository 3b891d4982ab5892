import type { ScoreReport } from './score.js';

const HEADER = ['name', 'reference', 'output', 'input', 'metric', 'id', 'value', 'direction', 'reason'] as const;

/** RFC 4180, and no cell that a spreadsheet would take for a formula. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line a picture and metric; numbers in full. */
export function scoreCsv({ items }: ScoreReport): string {
  const rows = items.flatMap(({ name, reference, output, input = null, scores }) =>
    Object.entries(scores).map(([alias, { id, value, direction, reason = null }]) =>
      [name, reference, output, input, alias, id, value, direction, reason].map(cell).join(','),
    ),
  );
  return `${[HEADER.join(','), ...rows].join('\r\n')}\r\n`;
}
