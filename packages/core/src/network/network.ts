import { EnvironmentError, explain, ModelError, UsageError } from '../errors.js';
import type { Opened, PortMetadata, ProviderFailure, Tensor } from './protocol.js';
import { NetworkThread } from './thread.js';

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

/**
 * An ONNX graph in a worker thread. Calls are served one after another; an aborted call ends the worker, and the next call opens it again.
 * Use after `dispose()` is an `IR_E_DISPOSED` error.
 */
export class Network {
  readonly name: string;
  readonly #path: string;
  readonly #options: { providers: readonly string[]; threads: number };
  #thread: NetworkThread | undefined;
  #opened: Opened | undefined;
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
      await network.#queue(() => network.#ready(options.signal), options.signal);
    } catch (error) {
      await network.dispose();
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
   * One forward pass. The buffers of `feeds` are transferred to the worker: they are empty afterwards.
   * @throws ModelError where the graph fails; EnvironmentError `IR_E_WORKER` where the worker dies; `signal.reason` on abort
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Readonly<Record<string, Tensor>>> {
    return this.#queue(async () => {
      const thread = await this.#ready(options.signal);
      const buffers = [...new Set(Object.values(feeds).map((t) => t.data.buffer))].filter(
        (b) => b instanceof ArrayBuffer,
      );
      return thread.request<Record<string, Tensor>>('run', { feeds }, buffers, options.signal);
    }, options.signal);
  }

  /** Ends the worker; idempotent. A call under way is rejected. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #queue<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#turn;
    const mine = (async () => {
      await before.catch(() => {});
      signal?.throwIfAborted();
      if (this.#disposed) {
        const message = explain({
          name: this.name,
          expected: 'a network in use',
          got: 'one disposed of',
          fix: 'Open it again',
        });
        throw new UsageError('IR_E_DISPOSED', message);
      }
      return work();
    })();
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #ready(signal?: AbortSignal): Promise<NetworkThread> {
    if (this.#thread && !this.#thread.dead) return this.#thread;
    const thread = new NetworkThread(this.name);
    this.#thread = thread;
    const opened = await thread.request<Opened>('open', { path: this.#path, ...this.#options }, [], signal);
    if (!opened.provider) {
      await thread.end();
      throw openFailure(this.name, opened.failures);
    }
    this.#opened = opened;
    return thread;
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
