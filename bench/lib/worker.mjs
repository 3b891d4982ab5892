/** One implementation of one workload in a process of its own: prepare, verify, then run on request. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [module, workloadName, implementation, threads, scratch] = process.argv.slice(2);

try {
  const { workloads } = await import(module);
  const workload = workloads.find((w) => w.name === workloadName);
  const input = await workload.input();
  const contestant = await workload.implementations[implementation].prepare(input, { threads: Number(threads) });
  if (contestant.skipped) {
    process.send({ skipped: contestant.skipped });
  } else {
    const error = workload.error(await contestant.output(), await exactOf(workload, input), input);
    process.on('message', async ({ repeat }) => {
      try {
        process.send(await timed(contestant, repeat));
      } catch (error) {
        process.send({ failed: String(error?.stack ?? error) });
      }
    });
    process.on('disconnect', () => process.exit(0));
    process.send({ error, version: contestant.version });
  }
} catch (error) {
  process.send({ failed: String(error?.stack ?? error) });
}

/** The exact result takes seconds in plain JavaScript: the first process of a workload leaves it to the others. */
async function exactOf(workload, input) {
  const path = join(scratch, `${workload.name.replace(/\W+/g, '-')}.f64`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.part`, Float64Array.from(await workload.exact(input)));
    renameSync(`${path}.part`, path);
  }
  const bytes = readFileSync(path);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** `childCpuMs` of a contestant is the processor time so far of a process that works for it. */
async function timed({ run, childCpuMs = () => 0 }, repeat) {
  const cpu = process.cpuUsage();
  const childCpu = childCpuMs();
  const start = process.hrtime.bigint();
  for (let i = 0; i < repeat; i++) await run();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1e3 + childCpuMs() - childCpu };
}
