import { EnvironmentError, explain, ModelError, UsageError } from '../errors.js';
import { HeldConstants } from './constants.js';
import { callObserver } from './observe.js';
import { NetworkProcess } from './process.js';
import type { Feeds, Opened, PortMetadata, ProviderFailure, Ran, RunAllOptions } from './protocol.js';

export interface NetworkOptions {
  /** Execution providers in order; the first that can be had runs. Default `['cpu']`. */
  readonly providers?: readonly string[];
  /** Threads of one session; part of a result's identity. Default 1. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** What runs a network, for records. */
export interface NetworkRun {
  readonly provider: string;
  readonly threads: number;
  readonly runtime: string;
  /** Providers of the order that could not be had, and why. */
  readonly failures: readonly ProviderFailure[];
}

/** The execution providers that a network may be asked to run on. */
export const PROVIDERS = ['cpu', 'cuda', 'tensorrt', 'webgpu', 'coreml', 'dml'] as const;

function checkOptions({ providers = ['cpu'], threads = 1 }: NetworkOptions): {
  providers: readonly string[];
  threads: number;
} {
  if (providers.length === 0 || providers.some((p) => !(PROVIDERS as readonly string[]).includes(p))) {
    const message = explain({
      name: 'providers',
      expected: `some of ${PROVIDERS.join(', ')}`,
      got: providers.join(', ') || 'none',
    });
    throw new UsageError('IR_E_USAGE', message);
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > 256)
    throw new UsageError(
      'IR_E_USAGE',
      explain({ name: 'threads', expected: 'an integer in 1..256', got: String(threads) }),
    );
  return { providers, threads };
}

/** Settles as `work` does, or rejects as soon as `signal` is aborted. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * An ONNX graph in a process of its own. Calls are served one after another. Aborting rejects at once, also while a call waits for its turn; the
 * process of an aborted pass is killed, and the next call starts another one with the same provider.
 * Use after `dispose()` is an `IR_E_DISPOSED` error.
 */
export class Network {
  readonly name: string;
  readonly #path: string;
  readonly #options: { providers: readonly string[]; threads: number };
  #process: NetworkProcess | undefined;
  #opened: Opened | undefined;
  /** What of the feeds is with the process already. */
  #held = new HeldConstants();
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(name: string, path: string, options: NetworkOptions) {
    this.name = name;
    this.#path = path;
    this.#options = checkOptions(options);
  }

  /**
   * Opens a graph by file path (external data is then found beside it).
   * @throws EnvironmentError `IR_E_PROVIDER` where no provider of the order can be had; ModelError where the file is no usable graph
   */
  static async open(name: string, path: string, options: NetworkOptions = {}): Promise<Network> {
    const network = new Network(name, path, options);
    try {
      await network.#inTurn(() => network.#ready(options.signal), options.signal);
    } catch (error) {
      void network.dispose();
      throw error;
    }
    return network;
  }

  get inputs(): readonly PortMetadata[] {
    return this.#opened?.inputs ?? [];
  }

  get outputs(): readonly PortMetadata[] {
    return this.#opened?.outputs ?? [];
  }

  get ran(): NetworkRun {
    const { provider = 'none', failures = [], version = 'unknown' } = this.#opened ?? {};
    return { provider, threads: this.#options.threads, runtime: `onnxruntime-node ${version}`, failures };
  }

  /**
   * One forward pass; `feeds` are copied, constant ones once for as long as they are in use.
   * @throws ModelError where the graph fails; EnvironmentError `IR_E_WORKER` where the process dies; `signal.reason` on abort
   */
  async run(feeds: Feeds, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Feeds> {
    return (await this.runAll([feeds], { signal }))[0]!;
  }

  /**
   * Forward passes one after another in one request: the way between the processes is paid once, and values that several passes are fed are
   * copied once. Results are those of `run`. @throws as `run` does; a pass that fails fails all
   */
  async runAll(passes: readonly Feeds[], { signal, into }: RunAllOptions = {}): Promise<readonly Feeds[]> {
    const onCall = callObserver();
    return this.#inTurn(async () => {
      const worker = await this.#ready(signal);
      const started = performance.now();
      const ran = await worker.request<Ran>('run', this.#held.send(passes), { signal, into });
      const ended = performance.now();
      onCall?.({ network: this.name, passes: passes.length, started, ended, inside: ran.milliseconds });
      return ran.passes;
    }, signal);
  }

  /** Ends the process; idempotent. Calls under way or waiting are rejected. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#process?.end(this.#gone());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #gone(): UsageError {
    const told = { name: this.name, expected: 'a network in use', got: 'one disposed of', fix: 'Open it again' };
    return new UsageError('IR_E_DISPOSED', explain(told));
  }

  async #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#turn;
    const mine = (async () => {
      await before;
      signal?.throwIfAborted();
      if (this.#disposed) throw this.#gone();
      return work();
    })();
    this.#turn = mine.catch(() => {});
    return unlessAborted(mine, signal);
  }

  /** The process with the graph open in it: the one there is, or a new one where that has ended. */
  async #ready(signal: AbortSignal | undefined): Promise<NetworkProcess> {
    if (this.#process && !this.#process.dead) return this.#process;
    const worker = new NetworkProcess(this.name);
    this.#process = worker;
    this.#held = new HeldConstants();
    // What ran first runs again: results must not change their provider halfway.
    const providers = this.#opened?.provider ? [this.#opened.provider] : this.#options.providers;
    const request = { path: this.#path, providers, threads: this.#options.threads };
    try {
      const opened = await worker.request<Opened>('open', request, { signal });
      if (!opened.provider) throw openFailure(this.name, opened.failures);
      this.#opened ??= opened;
      return worker;
    } catch (error) {
      void worker.end(error);
      throw error;
    }
  }
}

/** The CPU provider is always there: what it refuses is the graph. */
function openFailure(name: string, failures: readonly ProviderFailure[]): Error {
  const got = failures.map(({ provider, message }) => `${provider}: ${message.split('\n')[0]}`).join('; ');
  if (failures.at(-1)?.provider === 'cpu')
    return new ModelError(explain({ name, expected: 'a usable ONNX graph', got }));
  const fix = 'Add cpu to the order of providers';
  return new EnvironmentError('IR_E_PROVIDER', explain({ name, expected: 'a provider that can be had', got, fix }));
}
