import { readFile, writeFile } from 'node:fs/promises';
import { networkProcesses } from '../network/index.js';

/** Resident memory in bytes. Peaks of several processes need not have come at one time: their sum is an upper bound. Memory of devices is not counted. */
export interface PeakMemory {
  /** Sum of `own` and `networks`; null where either is not known. */
  readonly bytes: number | null;
  /** Peak of this process. */
  readonly own: number | null;
  /** Sum of the peaks of the network processes. */
  readonly networks: number | null;
  /**
   * `vmhwm`: the kernel's mark, set back at the start. `vmhwm-since-start`: it could not be set back, so that what ran before counts.
   * `maxrss-since-start`: this process alone, without /proc.
   */
  readonly how: 'vmhwm' | 'vmhwm-since-start' | 'maxrss-since-start';
  /** Why something is not known. */
  readonly reason?: string;
}

export interface MemoryMeter {
  /** The peak since the start, over this process and the network processes that live now. */
  peak(): Promise<PeakMemory>;
}

/** A line of /proc/PID/status in bytes; null where there is none. */
async function statusLine(process: number | 'self', name: 'VmHWM' | 'VmRSS'): Promise<number | null> {
  const text = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '');
  const [, kibibytes] = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text) ?? [];
  return kibibytes === undefined ? null : 1024 * Number(kibibytes);
}

/** Sets the mark back to what is resident now. */
const setBack = (process: number | 'self'): Promise<boolean> =>
  writeFile(`/proc/${process}/clear_refs`, '5').then(
    () => true,
    () => false,
  );

/** What this process has resident now, in bytes. */
export const residentMemory = async (): Promise<number> =>
  (await statusLine('self', 'VmRSS')) ?? process.memoryUsage().rss;

/** Starts to measure. Network processes named in `except` are others' and do not count; those started later do. */
export async function meterMemory(except: ReadonlySet<number> = new Set()): Promise<MemoryMeter> {
  const counted = () => networkProcesses().filter((id) => !except.has(id));
  const done = await Promise.all([setBack('self'), ...counted().map(setBack)]);
  const how = done.every(Boolean) ? 'vmhwm' : 'vmhwm-since-start';
  return {
    async peak() {
      const [own, ...networks] = await Promise.all(
        (['self', ...counted()] as const).map((id) => statusLine(id, 'VmHWM')),
      );
      return own == null ? withoutProc(networks.length) : total(own, networks, how);
    },
  };
}

function total(own: number, networks: readonly (number | null)[], how: PeakMemory['how']): PeakMemory {
  if (networks.includes(null)) {
    const reason = 'a network process has ended or cannot be read';
    return { bytes: null, own, networks: null, how, reason };
  }
  const sum = networks.reduce<number>((all, one) => all + one!, 0);
  return { bytes: own + sum, own, networks: sum, how };
}

function withoutProc(networks: number): PeakMemory {
  const own = 1024 * process.resourceUsage().maxRSS;
  const how = 'maxrss-since-start';
  if (networks === 0) return { bytes: own, own, networks: 0, how };
  const reason = `without /proc the memory of ${networks} network processes is not known`;
  return { bytes: null, own, networks: null, how, reason };
}
