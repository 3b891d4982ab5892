import { type SharedMemory, sharedMemory } from '@ir/native';
import { BYTES } from '../../assets/exchange.mjs';

/** Memory for tensors to cross to a child in (`assets/exchange.mjs`); undefined where there can be none: messages carry them. */
export function openExchange(): SharedMemory | undefined {
  try {
    return sharedMemory(BYTES);
  } catch {
    return undefined;
  }
}
