import { EnvironmentError, explain, IrError } from '../errors.js';
import type { CellError } from './cells.js';
import { Child, type Ended } from './children.js';
import type { Setup, Spent } from './messages.js';
import type { PlannedCell } from './plan.js';
import { GroupQueue } from './queue.js';

export interface PoolOptions {
  readonly jobs: number;
  readonly signal?: AbortSignal;
  readonly onDone: (cell: PlannedCell, spent: Spent) => Promise<void>;
  readonly onFailed: (cell: PlannedCell, error: CellError) => Promise<void>;
}

/** A process may be killed for what others take: a cell gets one more chance, in a fresh one. */
const ATTEMPTS = 2;

/** Failures that may be the process's or the machine's, not the cell's. */
const TRANSIENT = new Set(['IR_E_WORKER', 'IR_E_MEMORY']);

/** Failures that every other cell would meet too. */
const STOPPING = new Set(['IR_E_WRITE', 'IR_E_ENVIRONMENT', 'IR_E_LOAD', 'IR_E_BACKEND']);

/** So many children that die before they are ready, one after another, are no accident. */
const STILLBORN = 4;

/** A cell that takes longer hangs, unless the spec says otherwise. */
const CELL_MINUTES = 30;

class Pool {
  readonly #children = new Set<Child>();
  readonly #queue: GroupQueue<PlannedCell>;
  #stopped = false;
  #stillborn = 0;

  constructor(
    cells: readonly PlannedCell[],
    readonly setup: Setup,
    readonly options: PoolOptions,
  ) {
    this.#queue = new GroupQueue(cells, (cell) => cell.at.image);
  }

  /** One child's worth of work: cells as long as there are any, a new child where the last one died. */
  async work(slot: number): Promise<void> {
    let child: Child | undefined;
    for (let cell = this.#next(slot); cell; cell = this.#next(slot)) {
      let ended: Ended | undefined;
      for (let attempt = 1; attempt <= ATTEMPTS && !this.#stopped; attempt++) {
        const started = child ?? (await this.#start());
        child = typeof started === 'string' ? undefined : started;
        ended = child ? await child.compute(cell, this.#minutes * 60_000) : { kind: 'died', got: started as string };
        if (ended.kind === 'done' || (ended.kind === 'failed' && !TRANSIENT.has(ended.failure.code))) break;
        if (child) await this.#discard(child);
        child = undefined;
        if (ended.kind === 'late') break; // another wait would be as long
      }
      if (ended && !this.#stopped) await this.#report(cell, ended);
    }
    if (child) await this.#discard(child);
  }

  /** Ends every child; nothing more is handed out or reported. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#children].map((child) => this.#discard(child)));
  }

  get #minutes(): number {
    return this.setup.spec.cellMinutes ?? CELL_MINUTES;
  }

  #next(slot: number): PlannedCell | undefined {
    return this.#stopped ? undefined : this.#queue.take(slot);
  }

  async #start(): Promise<Child | string> {
    const child = await Child.start(this.setup, (one) => {
      this.#children.add(one);
    });
    this.#stillborn = typeof child === 'string' ? this.#stillborn + 1 : 0;
    if (this.#stillborn < STILLBORN || this.#stopped) return child;
    const told = { name: 'study', expected: 'a child process to start', got: `${STILLBORN} that died: ${child}` };
    throw new EnvironmentError(
      'IR_E_WORKER',
      explain({ ...told, fix: 'Look at the memory left and at the registry module' }),
    );
  }

  async #discard(child: Child): Promise<void> {
    this.#children.delete(child);
    await child.end();
  }

  async #report(cell: PlannedCell, ended: Ended): Promise<void> {
    if (ended.kind === 'done') return this.options.onDone(cell, ended.spent);
    if (ended.kind === 'failed' && STOPPING.has(ended.failure.code))
      throw new IrError(ended.failure.code, ended.failure.message);
    return this.options.onFailed(cell, failureOf(cell, ended, this.#minutes));
  }
}

function failureOf(cell: PlannedCell, ended: Exclude<Ended, { kind: 'done' }>, minutes: number): CellError {
  if (ended.kind === 'failed') return ended.failure;
  return ended.kind === 'late'
    ? { code: 'IR_E_TIMEOUT', message: delay(cell, minutes) }
    : { code: 'IR_E_WORKER', message: death(cell, ended.got) };
}

const nameOf = ({ image, degradation, restorer }: PlannedCell) =>
  `${restorer.label} on ${image.name} at ${degradation.name}`;

function death(cell: PlannedCell, got: string): string {
  const expected = `its process to live, tried ${ATTEMPTS} times`;
  const fix = 'A native crash or too little memory: try fewer jobs or smaller tiles, and run the study again';
  return explain({ name: nameOf(cell), expected, got, fix });
}

function delay(cell: PlannedCell, minutes: number): string {
  const expected = `a result within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  const fix = 'Allow more by cellMinutes in the spec, or look for what hangs';
  return explain({ name: nameOf(cell), expected, got: 'none', fix });
}

/**
 * Computes cells in child processes, `jobs` at once, those of one picture in one child as far as possible. A cell that fails, or whose process
 * dies twice, or that takes longer than the spec allows, is reported and the rest goes on; what would stop every cell (a full disk, a registry that cannot be loaded) ends the call.
 * @throws EnvironmentError, IrError as above; `signal.reason` on abort, when all children are gone
 */
export async function computeCells(cells: readonly PlannedCell[], setup: Setup, options: PoolOptions): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const pool = new Pool(cells, setup, options);
  const onAbort = () => void pool.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const slots = Array.from({ length: Math.min(options.jobs, cells.length) }, (_, slot) => pool.work(slot));
    await Promise.all(slots).catch(async (error: unknown) => {
      await pool.stop();
      await Promise.allSettled(slots);
      throw signal?.aborted ? signal.reason : error;
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await pool.stop();
  }
  signal?.throwIfAborted();
}
