/** A tensor as it crosses the process boundary. */
export interface Tensor {
  readonly type: 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'bool';
  readonly data: Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
  /** Of a feed: its values will never change, and are sent but once. Makes sense for what is fed again and again. */
  readonly constant?: boolean;
}

/** A feed on its way: with its values, which the process keeps under the number `keep`, or with the number of values that it holds. */
export type Feed = Omit<Tensor, 'data' | 'constant'> &
  ({ readonly data: Tensor['data']; readonly keep?: number } | { readonly held: number });

/** Tensors by the names of ports. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** What a graph says of one of its ports. */
export interface PortMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Numbers where fixed, names where dynamic. */
  readonly shape?: readonly (number | string)[];
}

export interface ProviderFailure {
  readonly provider: string;
  readonly message: string;
}

/** The worker's answer to `open`; without `provider` none could be had. */
export interface Opened {
  readonly provider?: string;
  readonly failures: readonly ProviderFailure[];
  readonly inputs?: readonly PortMetadata[];
  readonly outputs?: readonly PortMetadata[];
  readonly version?: string;
}

export interface RunAllOptions {
  readonly signal?: AbortSignal | undefined;
  /** For each pass memory by names of outputs, used where type and size fit; fresh memory costs several times the copy. */
  readonly into?: readonly Readonly<Record<string, Tensor['data']>>[] | undefined;
}

/** What `run` asks of the worker. */
export interface Run {
  readonly passes: readonly Readonly<Record<string, Feed>>[];
  /** Kept values that are no longer needed after these passes. */
  readonly forget: readonly number[];
}

/** The worker's answer to `run`. */
export interface Ran {
  /** The outputs of each pass. */
  readonly passes: readonly Feeds[];
  /** Spent in the runtime by all, copies between the processes apart. */
  readonly milliseconds: number;
}

export interface WorkerFailure {
  readonly name: string;
  readonly message: string;
}
