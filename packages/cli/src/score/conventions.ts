import { decode } from '@ir/core';
import { type ConventionRow, conventionTable } from '@ir/metrics';
import { decodeOptions } from '../pictures.js';
import type { Session } from '../session.js';
import { table } from '../table.js';
import { type ScoreFlags, settingsOf } from './flags.js';

/** Six digits: conventions differ where four are not enough to see it. */
const shown = ({ value, reason }: ConventionRow) => (value === null ? (reason ?? 'undefined') : value.toFixed(6));

/** One pair under every named convention that needs no network, and who uses each. */
export async function showConventions(
  reference: string | undefined,
  output: string,
  flags: ScoreFlags,
  session: Session,
): Promise<void> {
  const { signal } = session;
  const read = (path: string) => decode(path, decodeOptions(flags, signal));
  const image = await read(output);
  const input = { image, signal, ...(reference === undefined ? {} : { reference: await read(reference) }) };
  const conventions = await conventionTable(input, settingsOf(flags));
  const rows = conventions.map((row) => [row.family, row.alias, shown(row), row.direction, row.describe, row.source]);
  session.result(
    { schema: 'ir.score-conventions/1', reference: reference ?? null, output, conventions },
    table(['of', 'alias', 'value', 'better', 'what it is', 'used by'], rows),
  );
}
