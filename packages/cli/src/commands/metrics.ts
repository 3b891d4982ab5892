import { type MetricDefinition, UsageError, unknownName } from '@ir/core';
import { allMetrics, DISTRIBUTIONS } from '@ir/metrics';
import { Command } from 'commander';
import { withExamples, withOutputFlags } from '../options.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

interface Flags extends SessionFlags {
  readonly encoder?: string;
}

export function metricsCommand(terminal: Terminal): Command {
  const group = new Command('metrics')
    .summary('what can be measured')
    .description('What can be measured, and what exactly each number means.');
  const list = new Command('list').summary('every metric by its alias');
  const describe = new Command('describe')
    .summary('one metric and all its conventions')
    .argument('<alias>', 'for example ssim-y');
  for (const command of [list, describe])
    withOutputFlags(command.option('--encoder <id>', 'the encoder that stands in the identity of alignment'));
  withExamples(list, ['ir metrics list', 'ir metrics list --json']).action((flags: Flags) => {
    const metrics = entries();
    const rows = metrics.map((one) => [one.alias, one.direction, needed(one.needs), one.of, one.describe]);
    new Session(terminal, flags).result(
      { schema: 'ir.metrics/1', metrics: metrics.map((one) => record(one, flags)) },
      table(['alias', 'better', 'needs', 'of', 'what it is'], rows),
    );
  });
  withExamples(describe, ['ir metrics describe ssim-y']).action((alias: string, flags: Flags) => {
    const one = entryNamed(alias);
    new Session(terminal, flags).result({ schema: 'ir.metric/1', ...record(one, flags) }, paragraph(one, flags));
  });
  return group.addCommand(list).addCommand(describe);
}

/** A metric of pictures, or a distance of whole folders, which has no number for a picture. */
interface Entry extends Omit<MetricDefinition, 'create'> {
  readonly of: 'pictures' | 'folders';
  readonly create?: MetricDefinition['create'];
}

const FOLDERS = Object.entries(DISTRIBUTIONS).map(
  ([alias, { describe, source }]): Entry => ({
    alias,
    describe,
    direction: 'lower',
    range: [alias === 'fid' ? 0 : Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    needs: { reference: true, network: 'any encoder' },
    source,
    of: 'folders',
  }),
);

/** Every metric that comes with `ir`, every installed network that measures, and the distances of folders. */
const entries = (): Entry[] => [...allMetrics().map((one): Entry => ({ ...one, of: 'pictures' })), ...FOLDERS];

function entryNamed(alias: string): Entry {
  const all = entries();
  const found = all.find((one) => one.alias === alias);
  if (found) return found;
  const known = all.map((one) => one.alias);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('metric', alias, known));
}

function needed({ network, ...needs }: MetricDefinition['needs']): string {
  const things = Object.entries(needs).flatMap(([name, value]) =>
    value ? [value === 'maybe' ? `${name} by the degradation` : name] : [],
  );
  return [...things, ...(network ? [`network ${network}`] : [])].join(', ') || 'nothing';
}

/** JSON knows no infinity: an open end is null. */
const bounds = ({ range }: Entry) => range.map((end) => (Number.isFinite(end) ? end : null));

/** null where it is not known before an encoder is named: of several, or of a whole folder. */
function identityOf({ create, needs }: Entry, { encoder }: Flags): string | null {
  try {
    return create?.(encoder === undefined ? {} : { encoder }).id ?? null;
  } catch (error) {
    if (error instanceof UsageError && needs.network === 'any encoder' && encoder === undefined) return null;
    throw error;
  }
}

function record(one: Entry, flags: Flags) {
  const { alias, describe, direction, needs, source, of } = one;
  return { alias, id: identityOf(one, flags), describe, direction, range: bounds(one), needs, source, of };
}

function paragraph(one: Entry, flags: Flags): string {
  const [low, high] = bounds(one);
  return [
    `${one.alias}: ${one.describe}`,
    `  identity  ${identityOf(one, flags) ?? 'by the encoder that is named, in the result of ir score'}`,
    `  better    ${one.direction}`,
    `  range     ${low ?? '-infinity'} to ${high ?? 'infinity'}`,
    `  needs     ${needed(one.needs)}`,
    `  of        ${one.of === 'pictures' ? 'pictures, each' : 'whole folders: one number, in the aggregate'}`,
    `  source    ${one.source}`,
  ].join('\n');
}
