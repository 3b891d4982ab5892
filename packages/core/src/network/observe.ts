import { AsyncLocalStorage } from 'node:async_hooks';

/** One forward pass, or several that were asked for at once. Times in milliseconds of `performance.now()`. */
export interface NetworkCall {
  /** Name of the network: `restorer-s`, `ldm-s denoiser`. */
  readonly network: string;
  readonly passes: number;
  /** When its turn came, and when its outputs had arrived. */
  readonly started: number;
  readonly ended: number;
  /** What of this the network's own process spent in the runtime; the rest is copying between processes. */
  readonly inside: number;
}

const observers = new AsyncLocalStorage<(call: NetworkCall) => void>();

/** Runs `work` and tells of all forward passes that it asks for, by whatever restorer or metric; calls of other work are not told. */
export const observeCalls = <T>(onCall: (call: NetworkCall) => void, work: () => Promise<T>): Promise<T> =>
  observers.run(onCall, work);

/** Who wants to be told of the calls that the work under way asks for. */
export const callObserver = (): ((call: NetworkCall) => void) | undefined => observers.getStore();
