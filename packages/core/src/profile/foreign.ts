import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { networkProcesses } from '../network/index.js';

const TICK = 10; // ms: Linux tells processor time in hundredths of a second, on every architecture that Node runs on

/** Of all cores together, in milliseconds: below it ticks say too little. */
const SHORTEST = 20 * TICK;

/** Processor time of a process in milliseconds; null without /proc. */
async function timeOf(process: number): Promise<number | null> {
  const text = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => '');
  // The name of the program, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return Number.isFinite(user + system) ? TICK * (user + system) : null;
}

/** Time that the machine's cores have spent, in milliseconds. */
function machineTime(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const { idle, ...rest } = times;
    const used = Object.values(rest).reduce((a, b) => a + b, 0);
    busy += used;
    all += used + idle;
  }
  return { busy, all };
}

async function ownTime(): Promise<number | null> {
  const times = await Promise.all([process.pid, ...networkProcesses()].map(timeOf));
  return times.includes(null) ? null : times.reduce<number>((all, one) => all + one!, 0);
}

/**
 * Starts to watch how much of the machine's processor time goes to other programs: a share of all cores, 0 to 1, null where it cannot be told, or the time was too short.
 * Above a few hundredths, times on the clock are those of a busy machine.
 */
export async function watchOthers(): Promise<() => Promise<number | null>> {
  const [machine, own] = [machineTime(), await ownTime()];
  return async () => {
    const [now, mine] = [machineTime(), await ownTime()];
    const all = now.all - machine.all;
    if (own === null || mine === null || all < SHORTEST) return null;
    return Math.min(1, Math.max(0, (now.busy - machine.busy - (mine - own)) / all));
  };
}
