import { load } from './addon.js';
import { IrNativeError } from './errors-native.js';

/** Memory that this process and a child see. */
export interface SharedMemory {
  readonly memory: ArrayBuffer;
  /** For the child's stdio; close it when the child has been started. */
  readonly descriptor: number;
  /** The addon's file, whose `mapMemory(descriptor, bytes)` gives the child the same memory. */
  readonly addon: string;
}

/**
 * Memory to share with a child process; pages are taken as they are first touched. Linux only.
 * @throws IrNativeError `IR_E_UNSUPPORTED` on other systems, `IR_E_MEMORY` where there is none to be had, `IR_E_LOAD`
 */
export function sharedMemory(bytes: number): SharedMemory {
  const { addon, path } = load();
  try {
    const descriptor = addon.createMemory(bytes);
    return { memory: addon.mapMemory(descriptor, bytes), descriptor, addon: path };
  } catch (error) {
    throw IrNativeError.from(error);
  }
}
