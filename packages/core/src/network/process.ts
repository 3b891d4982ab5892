import { type ChildProcess, fork } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { put, take } from '../../assets/exchange.mjs';
import { EnvironmentError, explain, ModelError } from '../errors.js';
import { openExchange } from './exchange.js';
import type { Ran, Run, RunAllOptions, Tensor, WorkerFailure } from './protocol.js';

const WORKER = new URL('../../assets/network-worker.mjs', import.meta.url);
const STDERR_KEPT = 2000;

/** Processes that live: they end with this one. (Where it is killed they notice after the pass they are in.) */
const living = new Set<ChildProcess>();
const endAll = () => {
  for (const child of living) child.kill('SIGKILL');
};

/** Ids of the network processes that live, whoever opened them. */
export const networkProcesses = (): number[] => [...living].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));

function starts(child: ChildProcess): void {
  if (living.size === 0) process.on('exit', endAll);
  living.add(child);
}

function ends(child: ChildProcess): void {
  living.delete(child);
  if (living.size === 0) process.off('exit', endAll);
}

/** What a dying process said of it: the line that starts with an error's name, else its last words. */
const lastWords = (text: string): string | undefined =>
  /^(?:\w*error\b|terminate|fatal).*$/im.exec(text)?.[0] ?? text.trim().split('\n').at(-1);

type Values = Tensor['data'];

/** The values in memory of their own: in what was offered where it fits, else in fresh. */
function copied(values: Values, offered: Values | undefined): Values {
  if (offered?.constructor !== values.constructor || offered.length !== values.length) return values.slice();
  (offered as Float32Array).set(values as Float32Array);
  return offered;
}

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly into?: RunAllOptions['into'];
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly into: RunAllOptions['into'];
}

/**
 * The process of one network: a request at a time, and an end to it when the process dies. Not a thread: a thread inside onnxruntime can
 * neither be stopped nor left behind (the process aborts when either ends first), and a crash in there would take all work with it. Tensors
 * cross in shared memory (`assets/exchange.mjs`). A process that has nothing to do does not keep its parent alive.
 */
export class NetworkProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #gone: Promise<void>;
  readonly #memory: ArrayBuffer | undefined;
  #pending: Pending | undefined;
  /** Why no further request is served; set once. */
  #ended: { readonly reason: unknown } | undefined;
  #stderr = '';

  constructor(name: string, script: URL = WORKER) {
    this.#name = name;
    // Neither stdout nor stderr is inherited: whoever waits for the end of ours must not wait for the child's.
    const exchange = openExchange();
    try {
      this.#child = fork(fileURLToPath(script), exchange ? [exchange.addon] : [], {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...(exchange ? [exchange.descriptor] : [])],
      });
    } finally {
      if (exchange) closeSync(exchange.descriptor);
    }
    this.#memory = exchange?.memory;
    const child = this.#child;
    starts(child);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    child.on('message', (message) => this.#settle(message as { value?: unknown; error?: WorkerFailure }));
    child.on('error', (cause) => this.#die(cause.message, cause));
    this.#gone = new Promise((resolve) => {
      // `close` comes when what it wrote has been read, `exit` before; it never comes where the process could not be started.
      child.on('close', (code, signal) => {
        ends(child);
        this.#die(signal ?? `exit code ${code}`);
        resolve();
      });
    });
    this.#hold(false);
  }

  get dead(): boolean {
    return this.#ended !== undefined;
  }

  /** Sends a request and waits for its answer. Aborting ends the process: a pass under way cannot be stopped otherwise. */
  async request<T>(action: 'open' | 'run', message: object, { signal, into }: RequestOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended.reason;
    this.#hold(true);
    const onAbort = () => void this.end(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending = { resolve: resolve as (value: unknown) => void, reject, into };
        try {
          this.#send({ action, ...message });
        } catch (cause) {
          // A message is one string, which cannot be as long as one likes. Constants believed to have been sent have not been.
          const told = this.#explain('tensors that can be sent', String(cause), 'Use smaller tiles');
          void this.end(new EnvironmentError('IR_E_WORKER', told, { cause }));
        }
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#hold(false);
    }
  }

  /** Rejects the request under way with `reason`, at once, and those that come; resolves when the process is gone. */
  async end(reason: unknown): Promise<void> {
    this.#stop(reason);
    // Whoever waits for its end has nothing else that keeps the program alive until then.
    this.#hold(true);
    this.#child.kill('SIGKILL');
    if (this.#child.pid !== undefined) await this.#gone;
  }

  #send(message: object): void {
    const passes = 'passes' in message ? { passes: put(this.#memory, (message as Run).passes) } : {};
    // What can be sent nothing has ended or must; `close` then tells how.
    this.#child.send({ ...message, ...passes }, (cause) => cause && this.#child.kill('SIGKILL'));
  }

  #answer({ resolve, reject, into }: Pending, value: unknown): void {
    try {
      const { passes } = value as Partial<Ran>;
      const own = (values: Values, _: object, pass: number, name: string) => copied(values, into?.[pass]?.[name]);
      resolve(passes ? { ...(value as object), passes: take(this.#memory, passes, own) } : value);
    } catch (error) {
      reject(error);
    }
  }

  /** Does this process wait for the child? */
  #hold(yes: boolean): void {
    const stderr = this.#child.stderr as { ref?(): void; unref?(): void } | null;
    for (const handle of [this.#child, this.#child.channel, stderr]) yes ? handle?.ref?.() : handle?.unref?.();
  }

  #settle({ value, error }: { value?: unknown; error?: WorkerFailure }): void {
    const pending = this.#take();
    if (error) pending?.reject(this.#failure(error));
    else if (pending) this.#answer(pending, value);
  }

  /** What the runtime says of a pass that failed: memory is the machine's affair, everything else the graph's. */
  #failure(cause: WorkerFailure): ModelError | EnvironmentError {
    const refused = /Failed to allocate memory(?: for requested buffer of size (\d+))?/.exec(cause.message);
    if (!refused) return new ModelError(this.#explain('the graph to run', cause.message), { cause });
    const got = refused[1] ? `none left for ${refused[1]} bytes more` : 'too little';
    const told = { name: this.#name, expected: 'memory enough', got, fix: 'Use smaller tiles' };
    return new EnvironmentError('IR_E_WORKER', explain(told), { cause });
  }

  #stop(reason: unknown): void {
    this.#ended ??= { reason };
    this.#take()?.reject(reason);
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #die(how: string, cause?: unknown): void {
    const said = lastWords(this.#stderr);
    const got = said ? `${how} (${said})` : how;
    const fix = 'A native crash or too little memory; try smaller tiles';
    this.#stop(new EnvironmentError('IR_E_WORKER', this.#explain('its process to live', got, fix), { cause }));
  }

  #explain(expected: string, got: string, fix?: string): string {
    return explain({ name: this.#name, expected, got, fix });
  }
}
