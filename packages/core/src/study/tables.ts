import type { CellError, CellResult } from './cells.js';
import { pictureName } from './cells.js';
import type { Cell, ResultMetric, ResultRow } from './contract.js';

/** A cell as a line of the results: with its scores, or why there are none. */
export function rowOf(cell: Cell, result: CellResult | undefined, error: CellError | undefined): ResultRow {
  const { name, x } = cell.degradation;
  const { id, label } = cell.restorer;
  const { image, seed, key } = cell;
  return {
    cell: key,
    image: { name: image.name, hash: image.hash, width: image.width, height: image.height },
    degradation: { name, x, identity: cell.degradationIdentity },
    restorer: { id, label, identity: cell.restorerIdentity },
    seed,
    ...(result ? { scores: result.scores } : {}),
    ...(result && cell.keepPicture ? { picture: pictureName(key) } : {}),
    ...(!result && error ? { error } : {}),
  };
}

/** `results.jsonl`: a row a line. */
export const toJsonl = (rows: readonly ResultRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const field = (value: string | number | null | undefined): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** `results.csv` (RFC 4180, UTF-8): a row a line, for each metric a column of values and one of reasons where there is none. */
export function toCsv(rows: readonly ResultRow[], metrics: readonly ResultMetric[]): string {
  const aliases = metrics.map((metric) => metric.alias);
  const head = [
    ...['cell', 'image', 'image_hash', 'width', 'height', 'degradation', 'x', 'degradation_identity'],
    ...['restorer', 'label', 'restorer_identity', 'seed'],
    ...aliases,
    ...aliases.map((alias) => `${alias}_reason`),
    ...['picture', 'error'],
  ];
  const lines = rows.map(({ cell, image, degradation, restorer, seed, scores, picture, error }) => {
    const each = aliases.map((alias) => scores?.[alias]);
    return [
      ...[cell, image.name, image.hash, image.width, image.height],
      ...[degradation.name, degradation.x, degradation.identity],
      ...[restorer.id, restorer.label, restorer.identity, seed],
      ...each.map((score) => score?.value),
      ...each.map((score) => (score && score.value === null ? score.reason : undefined)),
      ...[picture, error && `${error.code}: ${error.message}`],
    ];
  });
  return [head, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');
}
