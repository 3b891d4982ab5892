/** Where a command writes. Results go to `stdout`, everything else to `stderr`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What surrounds a run of the command line: its two streams, and the signal that ends it. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
}
