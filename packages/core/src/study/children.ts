import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EnvironmentError, explain, IrError } from '../errors.js';
import type { Failure, FromChild, Order, Setup, Spent } from './messages.js';

/** Children run on the built package, from wherever this file is loaded. */
const PROGRAM = fileURLToPath(new URL('../../dist/study/child.js', import.meta.url));

/** How a cell ended: `died` with its process, which is then gone; `late`: it has not, and neither has its process. */
export type Ended =
  | { readonly kind: 'done'; readonly spent: Spent }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'died'; readonly got: string }
  | { readonly kind: 'late' };

/** The one line of a dying V8 that says why. */
const lastWords = (stderr: string): string => {
  const [line] = /FATAL ERROR: [^\n]*/.exec(stderr) ?? [];
  return line ? ` (${line.trim()})` : '';
};

/** What `work` gives; undefined where that takes longer. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A process that leads a group, and all of the group: also where the leader is gone and the others are not. */
function killGroup(leader: ChildProcess): void {
  try {
    if (leader.pid !== undefined) process.kill(-leader.pid, 'SIGKILL');
  } catch {
    leader.kill('SIGKILL'); // no group of that number: it has ended, or the system knows none
  }
}

/** A child process of a study. */
export class Child {
  readonly #process: ChildProcess;
  readonly #gone: Promise<string>;
  #answer: ((message: FromChild) => void) | undefined;

  private constructor(setup: Setup) {
    const { variant, backend } = setup.native;
    this.#process = fork(PROGRAM, [], {
      execArgv: [],
      // A group of its own: an interrupt from the terminal goes to the parent, which decides.
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        IR_NATIVE_THREADS: String(setup.spec.threads),
        IR_NATIVE_VARIANT: variant,
        IR_NATIVE_BACKEND: backend,
      },
    });
    let stderr = '';
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-8192);
    });
    this.#process.on('message', (message: FromChild) => this.#answer?.(message));
    this.#gone = new Promise((resolve) => {
      const end = (got: string) => resolve(got + lastWords(stderr));
      this.#process.on('error', (error) => end(error.message));
      this.#process.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  /**
   * A child that is ready for orders, or how it died before it was.
   * @throws EnvironmentError `IR_E_ENVIRONMENT` where the package is not built; what its `setup()` throws
   */
  static async start(setup: Setup, onStarted: (child: Child) => void): Promise<Child | string> {
    if (!existsSync(PROGRAM)) {
      const told = { name: PROGRAM, expected: 'the built package', got: 'no such file', fix: 'Run `npm run build`' };
      throw new EnvironmentError('IR_E_ENVIRONMENT', explain(told));
    }
    const child = new Child(setup);
    onStarted(child);
    const answer = await child.#ask({ setup });
    if (typeof answer === 'string') return answer;
    if (answer.type !== 'unfit') return child;
    await child.end();
    throw new IrError(answer.failure.code, answer.failure.message);
  }

  /** @param limit milliseconds that are waited for it */
  async compute(order: Order, limit: number): Promise<Ended> {
    const answer = await within(limit, this.#ask({ order }));
    if (answer === undefined) return { kind: 'late' };
    if (typeof answer === 'string') return { kind: 'died', got: answer };
    if (answer.type === 'done') return { kind: 'done', spent: answer.spent };
    return { kind: 'failed', failure: (answer as { failure: Failure }).failure };
  }

  /**
   * Ends it at once, with the processes of its networks, which would notice only after the pass they are in: what is finished is on disk, and what
   * is not is written whole or not at all.
   */
  async end(): Promise<void> {
    killGroup(this.#process);
    await this.#gone;
  }

  /** The answer, or how the process ended instead. */
  #ask(message: { setup: Setup } | { order: Order }): Promise<FromChild | string> {
    const answer = new Promise<FromChild>((resolve) => {
      this.#answer = resolve;
    });
    // An error here means that the channel is closed: the process is ending.
    this.#process.send(message, () => {});
    return Promise.race([answer, this.#gone]);
  }
}
