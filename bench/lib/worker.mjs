/** One implementation of one workload in a process of its own: prepare, verify, then run on request. */
const [module, workloadName, implementation, threads] = process.argv.slice(2);

try {
  const { workloads } = await import(module);
  const workload = workloads.find((w) => w.name === workloadName);
  const input = await workload.input();
  const contestant = await workload.implementations[implementation].prepare(input, { threads: Number(threads) });
  if (contestant.skipped) {
    process.send({ skipped: contestant.skipped });
  } else {
    const error = workload.error(await contestant.output(), await workload.exact(input), input);
    process.on('message', async ({ repeat }) => {
      try {
        process.send(await timed(contestant.run, repeat));
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

async function timed(run, repeat) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let i = 0; i < repeat; i++) await run();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1e3 };
}
