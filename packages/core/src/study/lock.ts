import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { explain, UsageError, writeError } from '../errors.js';

const BEAT = 5_000;
/** A holder on another host is taken for dead when its lock has not been touched for this long. */
const SILENCE = 60_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the system's own ticks: a number reused by another process is told apart. */
  readonly born: string;
}

/** The start time of a process from its /proc entry; empty where there is none. */
function bornAt(pid: number): string {
  try {
    // Fields after the command's closing bracket; the 22nd of all is the start time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return born === '' || bornAt(pid) === born;
}

async function readHolder(
  path: string,
): Promise<{ text: string; holder: Holder | undefined; age: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    let holder: Holder | undefined;
    try {
      holder = JSON.parse(text) as Holder;
    } catch {
      // Killed between creating and filling it.
    }
    return { text, holder, age: Date.now() - mtimeMs };
  } catch {
    return undefined;
  }
}

const isStale = ({ holder, age }: { holder: Holder | undefined; age: number }): boolean =>
  holder && holder.host === hostname() ? !isAlive(holder) : age > (holder ? SILENCE : BEAT);

/** Moves a stale lock out of the way, unless another process has taken it over in the meantime. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await rename(path, aside).catch(() => {});
  const moved = await readFile(aside, 'utf8').catch(() => undefined);
  if (moved !== undefined && moved !== text) await rename(aside, path).catch(() => {});
  else await unlink(aside).catch(() => {});
}

/** A study's folder, held by one run at a time. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes the folder for this process. A lock whose process is gone is taken over.
 * @throws UsageError `IR_E_USAGE` where a living run holds it; EnvironmentError `IR_E_WRITE`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, '.lock');
  const mine: Holder = { pid: process.pid, host: hostname(), born: bornAt(process.pid) };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, JSON.stringify(mine))) return hold(path);
    const found = await readHolder(path);
    if (!found) continue;
    if (!isStale(found)) throw held(folder, path, found.holder);
    await removeStale(path, found.text);
  }
  throw held(folder, path, undefined);
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(text).finally(() => file.close());
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeError(path, cause);
  }
}

function hold(path: string): FolderLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, BEAT);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      await unlink(path).catch(() => {});
    },
  };
}

function held(folder: string, path: string, holder: Holder | undefined): UsageError {
  const got = holder ? `one held by process ${holder.pid} on ${holder.host}` : 'one that another run is taking';
  const fix = `Wait for that run, stop it, or choose another folder; if it is gone for certain, delete ${path}`;
  return new UsageError(
    'IR_E_USAGE',
    explain({ name: folder, expected: 'a folder that no other run writes to', got, fix }),
  );
}
