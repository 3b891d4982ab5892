/** The share of all processor time that other programs took while a sample ran (Linux; 0 elsewhere, where /proc is missing). */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node runs on

function busyMs() {
  try {
    const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/).slice(1).map(Number);
    const [user, nice, system, , , irq, softirq, steal] = fields;
    return (user + nice + system + irq + softirq + steal) * TICK_MS;
  } catch {
    return undefined;
  }
}

export const foreignShare = {
  start: () => ({ busy: busyMs(), at: performance.now() }),
  stop(before, ownCpuMs) {
    const now = busyMs();
    if (now === undefined || before.busy === undefined) return 0;
    const capacity = (performance.now() - before.at) * availableParallelism();
    return Math.max(0, (now - before.busy - ownCpuMs - TICK_MS) / capacity);
  },
};
