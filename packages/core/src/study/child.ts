/** The main program of a study's child process: it takes orders over its channel and ends with it. */
import { EnvironmentError, ERROR_CLASSES, explain } from '../errors.js';
import type { Registry } from '../registry.js';
import type { Failure, FromChild, Setup, ToChild } from './messages.js';
import { Workshop } from './workshop.js';

const send = (message: FromChild) => process.send?.(message);

function told(error: unknown): Failure {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CLASSES, code);
  return { code: known ? code : 'IR_E_INTERNAL', message: typeof message === 'string' ? message : String(error) };
}

type RegistryModule = { setup?: () => Registry | Promise<Registry> };

async function importRegistry(url: string): Promise<Required<RegistryModule>> {
  const refuse = (got: string, cause?: unknown) => {
    const told = { name: `registry module ${url}`, expected: 'a module that exports setup()', got };
    return new EnvironmentError('IR_E_ENVIRONMENT', explain(told), { cause });
  };
  const module = await import(url).catch((cause: Error) => {
    throw refuse(cause.message.split('\n')[0]!, cause);
  });
  const { setup } = module as RegistryModule;
  if (typeof setup !== 'function') throw refuse('none');
  return { setup };
}

async function prepare(setup: Setup): Promise<Workshop> {
  const registry = await importRegistry(setup.registryModule);
  return new Workshop(setup, await registry.setup());
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
    return { type: 'done', key, spent: await workshop!.compute(message.order) };
  } catch (error) {
    return { type: 'failed', key, failure: told(error) };
  }
}

process.on('message', (message: ToChild) => void answer(message).then(send));
// Nobody is left to work for: a file under way is finished, a cell is not.
process.on('disconnect', () => void Promise.resolve(workshop?.settled()).finally(() => process.exit(0)));
