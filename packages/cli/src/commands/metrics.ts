import type { MetricDefinition } from '@ir/core';
import { METRICS, metricNamed } from '@ir/metrics';
import { Command } from 'commander';
import { withExamples, withOutputFlags } from '../options.js';
import { Session, type SessionFlags } from '../session.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

export function metricsCommand(terminal: Terminal): Command {
  const group = new Command('metrics')
    .summary('what can be measured')
    .description('What can be measured, and what exactly each number means.');
  const list = withOutputFlags(new Command('list').summary('every metric by its alias'));
  const describe = withOutputFlags(
    new Command('describe').summary('one metric and all its conventions').argument('<alias>', 'for example ssim-y'),
  );
  withExamples(list, ['ir metrics list', 'ir metrics list --json']).action((flags: SessionFlags) => {
    const rows = METRICS.map((one) => [one.alias, one.direction, needed(one), one.describe]);
    new Session(terminal, flags).result(
      { schema: 'ir.metrics/1', metrics: METRICS.map(record) },
      table(['alias', 'better', 'needs', 'what it is'], rows),
    );
  });
  withExamples(describe, ['ir metrics describe ssim-y']).action((alias: string, flags: SessionFlags) => {
    const one = metricNamed(alias);
    new Session(terminal, flags).result({ schema: 'ir.metric/1', ...record(one) }, paragraph(one));
  });
  return group.addCommand(list).addCommand(describe);
}

const needed = ({ needs }: MetricDefinition): string => {
  const names = Object.entries(needs).flatMap(([name, value]) => (value ? [name] : []));
  return names.join(', ') || 'nothing';
};

/** JSON knows no infinity: an open end is null. */
const bounds = ({ range }: MetricDefinition) => range.map((end) => (Number.isFinite(end) ? end : null));

function record(one: MetricDefinition) {
  const { alias, describe, direction, needs, source } = one;
  return { alias, id: one.create().id, describe, direction, range: bounds(one), needs, source };
}

function paragraph(one: MetricDefinition): string {
  const [low, high] = bounds(one);
  return [
    `${one.alias}: ${one.describe}`,
    `  identity  ${one.create().id}`,
    `  better    ${one.direction}`,
    `  range     ${low ?? '-infinity'} to ${high ?? 'infinity'}`,
    `  needs     ${needed(one)}`,
    `  source    ${one.source}`,
  ].join('\n');
}
