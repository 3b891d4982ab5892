/** The main program of a study's child process: it takes orders over its channel and ends with it. */
import { ERROR_CLASSES } from '../errors.js';
import type { Registry } from '../registry.js';
import type { Failure, FromChild, Setup, ToChild } from './messages.js';
import { Workshop } from './workshop.js';

const send = (message: FromChild) => process.send?.(message);

function told(error: unknown): Failure {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CLASSES, code);
  return { code: known ? code : 'IR_E_INTERNAL', message: typeof message === 'string' ? message : String(error) };
}

async function prepare(setup: Setup): Promise<Workshop> {
  const module = (await import(setup.registryModule)) as { setup?: () => Registry | Promise<Registry> };
  if (typeof module.setup !== 'function')
    throw new Error(`${setup.registryModule}: expected an exported setup(), got none`);
  return new Workshop(setup, await module.setup());
}

let workshop: Workshop | undefined;

async function answer(message: ToChild): Promise<FromChild> {
  if ('setup' in message) {
    try {
      workshop = await prepare(message.setup);
      return { type: 'ready' };
    } catch (error) {
      return { type: 'unfit', failure: told(error) };
    }
  }
  const { key } = message.order;
  try {
    return { type: 'done', key, times: await workshop!.compute(message.order) };
  } catch (error) {
    return { type: 'failed', key, failure: told(error) };
  }
}

process.on('message', (message: ToChild) => void answer(message).then(send));
// Nobody is left to work for; all that is done is on disk.
process.on('disconnect', () => process.exit(0));
