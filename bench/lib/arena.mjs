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
 * @returns {Promise<{name: string, threads: number, rounds: number, entries: object[]}>} per implementation: milliseconds, ratio to ours
 *   (`peer time / our time`, median with min and max over rounds), largest and mean error against the exact result, and whether it does equal work
 */
export async function compete(workload, { threads, rounds }) {
  const fighters = [];
  for (const name of Object.keys(workload.implementations)) {
    const fighter = await enter(workload, name, threads);
    fighters.push(fighter);
  }
  const present = fighters.filter((f) => !f.skipped);
  for (const f of present) f.inner = await calibrate(f);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < present.length; k++) await sample(present[(k + round) % present.length], round);
  }
  for (const f of present) f.child.disconnect();
  return { name: workload.name, unit: workload.errorUnit, threads, rounds, entries: fighters.map((f) => summarise(f, present)) };
}

async function enter(workload, name, threads) {
  const implementation = workload.implementations[name];
  const fighter = { name, ours: name === 'ir', equal: implementation.equal ?? true, rounds: [], foreign: 0 };
  fighter.child = fork(WORKER, [workload.module, workload.name, name, String(threads)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, IR_NATIVE_THREADS: String(threads), VIPS_CONCURRENCY: String(threads), OMP_NUM_THREADS: String(threads) },
  });
  const ready = await reply(fighter.child);
  if (ready.skipped) {
    fighter.child.disconnect();
    return { ...fighter, skipped: ready.skipped };
  }
  const bound = implementation.bound ?? workload.bound;
  return { ...fighter, error: ready.error, wrong: !(ready.error.max <= bound), version: ready.version };
}

/** How many calls fill about 100 ms, after a warm-up of 2 calls (20 when a call takes under 5 ms). */
async function calibrate({ child }) {
  let { ms } = await ask(child, { repeat: 2 });
  if (ms / 2 < 5) ({ ms } = await ask(child, { repeat: 20 }), { ms: ms / 10 });
  const once = (await ask(child, { repeat: 2 })).ms / 2;
  return Math.max(1, Math.round(SAMPLE_MS / Math.max(once, 0.001)));
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

function summarise(fighter, present) {
  if (fighter.skipped) return { name: fighter.name, ours: fighter.ours, equal: fighter.equal, skipped: fighter.skipped };
  const { name, ours, equal, error, wrong, version, rounds } = fighter;
  const clean = rounds.filter((r) => r.clean).length;
  const us = present.find((f) => f.ours);
  const both = rounds.map((r, i) => ({ peer: r, us: us?.rounds[i] })).filter(({ peer, us: u }) => u);
  const usable = both.filter(({ peer, us: u }) => peer.clean && u.clean);
  const pairs = usable.length >= CLEAN_SAMPLES ? usable : both;
  return {
    name, ours, equal, error, wrong, version,
    ms: spread(rounds.map((r) => r.ms)),
    cpuMs: spread(rounds.map((r) => r.cpuMs)),
    ratio: spread(pairs.map(({ peer, us: u }) => peer.ms / u.ms)),
    quiet: usable.length >= CLEAN_SAMPLES,
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
