import { Worker } from 'node:worker_threads';
import { EnvironmentError, explain, ModelError } from '../errors.js';
import type { WorkerFailure } from './protocol.js';

const WORKER = new URL('../../assets/network-worker.mjs', import.meta.url);

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The worker thread of one network: a request at a time, and an end to all waiting when it dies. */
export class NetworkThread {
  readonly #worker: Worker;
  readonly #name: string;
  #pending: Pending | undefined;
  #dead = false;

  constructor(name: string) {
    this.#name = name;
    this.#worker = new Worker(WORKER, { stderr: false, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', ({ value, error }: { value?: unknown; error?: WorkerFailure }) => {
      const pending = this.#take();
      if (error) pending?.reject(new ModelError(this.#explain('the graph to run', error.message), { cause: error }));
      else pending?.resolve(value);
    });
    this.#worker.on('error', (cause) => this.#die(cause.message, cause));
    this.#worker.on('exit', (code) => this.#die(`exit code ${code}`));
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Sends a request and waits for its answer. Aborting ends the thread: a run under way cannot be stopped otherwise. */
  async request<T>(action: 'open' | 'run', message: object, transfer: ArrayBuffer[], signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.#worker.ref();
    const onAbort = () => {
      this.#take()?.reject(signal?.reason);
      void this.end();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending = { resolve: resolve as (value: unknown) => void, reject };
        this.#worker.postMessage({ action, ...message }, transfer);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (!this.#dead) this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    this.#dead = true;
    await this.#worker.terminate();
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #die(got: string, cause?: unknown): void {
    this.#dead = true;
    const message = this.#explain(
      'its worker thread to live',
      got,
      'A native crash or too little memory; try smaller tiles',
    );
    this.#take()?.reject(new EnvironmentError('IR_E_WORKER', message, { cause }));
  }

  #explain(expected: string, got: string, fix?: string): string {
    return explain({ name: this.#name, expected, got, fix });
  }
}
