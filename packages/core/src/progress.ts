/** One line of progress; never delivered after the call has settled. */
export interface Progress {
  /** What is being done, for example `restore` or `tile`. */
  readonly phase: string;
  readonly completed: number;
  readonly total: number;
  /** What in particular, for people: for example the picture and the restorer of a study's cell. */
  readonly detail?: string;
}

/** What every call that may last over 100 ms takes. */
export interface CallOptions {
  /** Rejects with `signal.reason`; the object called stays usable. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}
