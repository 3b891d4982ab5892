import type { Progress } from '@ir/core';
import { openProgress } from './progress.js';
import type { Terminal } from './terminal.js';

export interface SessionFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One run of one command: how it tells its result, its remarks and its progress. */
export class Session {
  readonly signal: AbortSignal;
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #silent: boolean;

  constructor(terminal: Terminal, { json = false, quiet = false }: SessionFlags) {
    this.signal = terminal.signal;
    this.#terminal = terminal;
    this.#json = json;
    // A script that reads errors as JSON from stderr shall find nothing else there; a person watching may.
    this.#silent = quiet || (json && !terminal.stderr.isTTY);
  }

  /** The command's result on stdout: one JSON object with `--json`, else lines for people. */
  result(json: object, text: string): void {
    this.#terminal.stdout.write(this.#json ? `${JSON.stringify(json, plainNumbers)}\n` : `${text}\n`);
  }

  /** A remark on stderr; none with `--quiet`. */
  note(text: string): void {
    if (!this.#silent) this.#terminal.stderr.write(`${text}\n`);
  }

  /** Runs work that reports its progress; the bar is gone when it settles. */
  async watch<T>(work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
    const { onProgress, end } = openProgress(this.#terminal.stderr, this.#silent);
    try {
      return await work(onProgress);
    } finally {
      end();
    }
  }
}

/** JSON has no 64-bit integers: they stand as numbers where those are exact, else as text. */
function plainNumbers(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}
