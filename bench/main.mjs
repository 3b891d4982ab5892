#!/usr/bin/env node
/**
 * `npm run bench [-- --filter TEXT --threads N --rounds N --json FILE --no-floors --list]`: times our kernels against the tools a user would pick instead.
 *
 * Every implementation of a workload lives in its own persistent process; a driver calls them in turn, rotating the order each round, and
 * takes ratios within a round, so that drifting machine speed cancels. Each sample states how much of the machine other programs used;
 * samples above 6 % are dropped. Before anything is timed, every output is compared with an exact double-precision one, and that error is
 * printed beside the time: peers that do other work stand in a second table and are no win.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inspect } from '@ir/native';
import { compete } from './lib/arena.mjs';
import { measureFloors } from './lib/floors.mjs';
import { printFloors, printTables } from './lib/tables.mjs';
import { workloads } from './workloads/index.mjs';

const { values: options } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    threads: { type: 'string', default: `1,${Math.min(2, availableParallelism())}` },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    'no-floors': { type: 'boolean', default: false },
  },
});

const chosen = workloads.filter((w) => w.name.includes(options.filter));
if (options.list || chosen.length === 0) {
  console.log(workloads.map((w) => w.name).join('\n'));
  process.exit(options.list ? 0 : 2);
}

const native = await inspect();
const host = { processor: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version, native };
console.log(`${host.processor}, ${host.cores} cores, node ${host.node}, variant ${native.variant}, ${native.compiler}`);

const scratch = mkdtempSync(join(tmpdir(), 'ir-bench-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
const counts = options.threads.split(',').map(Number);
const results = [];
for (const threads of counts) {
  for (const workload of chosen) {
    process.stderr.write(`${workload.name}, ${threads} thread(s) ...\n`);
    results.push(await compete(workload, { threads, rounds: Number(options.rounds), scratch }));
  }
}
printTables(results);
const floors = options['no-floors'] ? [] : await measureFloors(options.filter, counts);
printFloors(floors);
if (options.json) writeFileSync(options.json, `${JSON.stringify({ host, results, floors }, null, 1)}\n`);
process.exitCode = results.some((r) => r.entries.some((e) => e.ours && e.wrong)) ? 1 : 0;
