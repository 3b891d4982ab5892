/** Prints results for people: one table of equal work, one of peers that compute something else, one of floors. */

const number = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toPrecision(3));
const range = ({ median, min, max }, suffix = '') => `${number(median)}${suffix} [${number(min)}..${number(max)}]`;
const error = ({ max, mean }) => `${max.toPrecision(2)} / ${mean.toPrecision(2)}`;

function row(result, entry) {
  const head = [result.name, String(result.threads), entry.name];
  if (entry.skipped) return [...head, `skipped: ${entry.skipped}`, '', '', ''];
  const verdict = entry.ours
    ? ''
    : `${range(entry.ratio, 'x')}${entry.quiet ? '' : entry.clock === 'cpuMs' ? ' (cpu time)' : ' (noisy)'}`;
  return [...head, range(entry.ms), range(entry.cpuMs), verdict, `${error(entry.error)}${entry.wrong ? ' WRONG' : ''}`];
}

function print(title, head, rows) {
  if (rows.length === 0) return;
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const line = (cells) => `| ${cells.map((c, i) => c.padEnd(widths[i])).join(' | ')} |`;
  console.log(`\n${title}\n`);
  console.log(line(head));
  console.log(line(widths.map((w) => '-'.repeat(w))));
  for (const r of rows) console.log(line(r));
}

/**
 * `ratio` is peer time / our time within a round, median [min..max]: above 1 we are faster. `(cpu time)`: by processor time, because the machine
 * was not quiet; `(noisy)`: by the clock, although it was not.
 */
export function printTables(results) {
  const head = ['workload', 'threads', 'who', 'ms', 'cpu ms', 'peer / ir', 'error max / mean'];
  const rows = (keep) => results.flatMap((r) => r.entries.filter((e) => keep(e)).map((e) => row(r, e)));
  print(
    'Equal work',
    head,
    rows((e) => e.ours || e.equal),
  );
  print(
    'Other work (reported, never counted as a win)',
    head,
    rows((e) => !e.ours && !e.equal),
  );
}

/** `share` is floor time / kernel time: 1 means the kernel runs at the speed of the yardstick. */
export function printFloors(floors) {
  const rows = floors.map((f) => [
    f.name,
    String(f.threads),
    number(f.ms),
    number(f.floorMs),
    f.share.toFixed(2),
    f.yardstick,
  ]);
  print('Floors', ['kernel', 'threads', 'ms', 'floor ms', 'share', 'yardstick'], rows);
}
