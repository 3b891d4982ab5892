/** Round-robin contest between persistent processes, one an implementation. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { foreignShare } from './foreign.mjs';
import { spread } from './statistics.mjs';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const SAMPLE_MS = 100;
const FOREIGN_LIMIT = 0.06;
const CLEAN_SAMPLES = 3;
const ATTEMPTS = 3;

/**
 * Times every implementation of a workload.
 * @param scratch a folder in which exact results are kept, so that each is made once
 * @returns {Promise<{name: string, threads: number, rounds: number, entries: object[]}>} per implementation: milliseconds, ratio to ours
 *   (`peer time / our time`, median with min and max over rounds), largest and mean error against the exact result, and whether it does equal work
 */
export async function compete(workload, { threads, rounds, scratch }) {
  const fighters = [];
  for (const name of Object.keys(workload.implementations))
    fighters.push(await enter(workload, name, threads, scratch));
  const present = fighters.filter((f) => !f.skipped);
  for (const f of present) f.inner = await calibrate(f);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < present.length; k++) await sample(present[(k + round) % present.length], round);
  }
  for (const f of present) f.child.disconnect();
  return {
    name: workload.name,
    unit: workload.errorUnit,
    threads,
    rounds,
    entries: fighters.map((f) => summarise(f, present, threads)),
  };
}

async function enter(workload, name, threads, scratch) {
  const implementation = workload.implementations[name];
  const fighter = { name, ours: name === 'ir', equal: implementation.equal ?? true, rounds: [], foreign: 0 };
  fighter.child = fork(WORKER, [workload.module, workload.name, name, String(threads), scratch], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      IR_NATIVE_THREADS: String(threads),
      VIPS_CONCURRENCY: String(threads),
      OMP_NUM_THREADS: String(threads),
    },
  });
  const ready = await reply(fighter.child);
  if (ready.skipped) {
    fighter.child.disconnect();
    return { ...fighter, skipped: ready.skipped };
  }
  const bound = implementation.bound ?? workload.bound;
  return { ...fighter, error: ready.error, wrong: !(ready.error.max <= bound), version: ready.version };
}

/** How many calls fill about 100 ms, after a warm-up of 2 calls (20 when a call takes under 5 ms, 1 when it takes a second). */
async function calibrate({ child }) {
  const once = async (repeat) => (await ask(child, { repeat })).ms / repeat;
  let ms = await once(1);
  if (ms > 1000) return 1;
  ms = await once(2);
  if (ms < 5) ms = await once(20);
  return Math.max(1, Math.round(SAMPLE_MS / Math.max(ms, 0.001)));
}

async function sample(fighter, round) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = foreignShare.start();
    const { ms, cpuMs } = await ask(fighter.child, { repeat: fighter.inner });
    const foreign = foreignShare.stop(before, cpuMs);
    const kept = { ms: ms / fighter.inner, cpuMs: cpuMs / fighter.inner, foreign, clean: foreign <= FOREIGN_LIMIT };
    if (!fighter.rounds[round] || foreign < fighter.rounds[round].foreign) fighter.rounds[round] = kept;
    if (kept.clean) return;
  }
}

function summarise(fighter, present, threads) {
  if (fighter.skipped)
    return { name: fighter.name, ours: fighter.ours, equal: fighter.equal, skipped: fighter.skipped };
  const { name, ours, equal, error, wrong, version, rounds } = fighter;
  const clean = rounds.filter((r) => r.clean).length;
  const us = present.find((f) => f.ours);
  const both = us ? rounds.map((peer, i) => ({ peer, us: us.rounds[i] })) : [];
  const usable = both.filter((pair) => pair.peer.clean && pair.us.clean);
  const quiet = usable.length >= CLEAN_SAMPLES;
  // on a machine that is never quiet, one thread's own processor time still counts only its own work
  const clock = quiet || threads > 1 ? 'ms' : 'cpuMs';
  return {
    name,
    ours,
    equal,
    error,
    wrong,
    version,
    ms: spread(rounds.map((r) => r.ms)),
    cpuMs: spread(rounds.map((r) => r.cpuMs)),
    ratio: spread((quiet ? usable : both).map((pair) => pair.peer[clock] / pair.us[clock])),
    clock,
    quiet,
    clean,
  };
}

function ask(child, message) {
  child.send(message);
  return reply(child);
}

function reply(child) {
  return new Promise((resolve, reject) => {
    const done = (settle) => (value) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle(value);
    };
    const onMessage = (m) => (m.failed ? done(reject)(new Error(m.failed)) : done(resolve)(m));
    const onExit = (code) => done(reject)(new Error(`bench worker left with exit code ${code}`));
    child.once('message', onMessage);
    child.once('exit', onExit);
  });
}
