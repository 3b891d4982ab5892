import { setMaxListeners } from 'node:events';
import { IrError } from '@ir/core';

/** SIGINT or SIGTERM, as the reason of an abort: exit status 130. */
export class Interrupted extends IrError {
  override readonly name: string = 'Interrupted';
  constructor(signal: NodeJS.Signals) {
    super('IR_E_ABORTED', `interrupted by ${signal}`);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The first signal aborts; from then on signals have their usual effect, so that a second Ctrl-C ends the process at once. */
export function interruptions(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every network that runs hears it
  const release = () => {
    for (const name of SIGNALS) process.removeListener(name, stop);
  };
  const stop = (name: NodeJS.Signals) => {
    release();
    controller.abort(new Interrupted(name));
  };
  for (const name of SIGNALS) process.on(name, stop);
  return { signal: controller.signal, release };
}

/**
 * What ended a command. A terminal sends its interrupt to the networks' processes too, and one that has only just been started dies of it: that is
 * no failure of the network.
 */
export const endedBy = (error: unknown, signal: AbortSignal): unknown =>
  signal.aborted && error instanceof IrError && error.code === 'IR_E_WORKER' ? signal.reason : error;
