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
