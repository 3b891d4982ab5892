import type { Terminal } from '../terminal.js';

/** A terminal that keeps what is written to it. */
export class PaperTerminal implements Terminal {
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly stdout = { write: (text: string) => this.out.push(text) };
  readonly stderr: Terminal['stderr'];

  constructor(
    readonly signal: AbortSignal = new AbortController().signal,
    isTTY = false,
  ) {
    this.stderr = { write: (text: string) => this.err.push(text), isTTY };
  }

  get printed(): string {
    return this.out.join('');
  }

  get told(): string {
    return this.err.join('');
  }
}
