import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { Feed, Tensor } from './protocol.js';

/** Linux's file system in memory; elsewhere tensors cross in messages. */
const MEMORY = '/dev/shm';
/** Below it a message is quicker; above it the memory would be felt. */
const LEAST = 16 * 1024;
const MOST = 16 * 1024 * 1024;

/** Where the values of a tensor lie in the shared file, instead of its data. */
export interface Placed {
  readonly at: number;
  readonly bytes: number;
}

const KINDS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

type Crossing<T> = Omit<T, 'data'> & Partial<Placed> & { readonly data?: Tensor['data'] };

/**
 * A nameless file in memory that a process and its child hold open: tensors of some size are written there by one and read by the other, which
 * takes about half the time that a pipe does. One request is under way at a time, so each answer may overwrite its question. The other side:
 * `assets/network-worker.mjs`.
 */
export class Exchange {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** undefined where there is no such file system, or it cannot be written. */
  static open(): Exchange | undefined {
    try {
      const path = `${MEMORY}/ir-${randomUUID()}`;
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return new Exchange(fd);
    } catch {
      return undefined;
    }
  }

  /** For the child to inherit. */
  get fd(): number {
    return this.#fd;
  }

  /** The feeds with what is large put into the file; a full file system leaves it in the message. */
  put(feeds: Readonly<Record<string, Feed>>): Record<string, Crossing<Feed>> {
    let end = 0;
    return Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => {
        if (!('data' in feed) || feed.data.byteLength < LEAST || end + feed.data.byteLength > MOST) return [name, feed];
        const { data, ...rest } = feed;
        if (!this.#write(data, end)) return [name, feed];
        const at = end;
        end += data.byteLength;
        return [name, { ...rest, at, bytes: data.byteLength }];
      }),
    );
  }

  /** The outputs with what lies in the file read from it. */
  take(outputs: Readonly<Record<string, Crossing<Tensor>>>): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { at, bytes, data, ...rest }]) => {
        if (data) return [name, { ...rest, data }];
        const values = new KINDS[rest.type](new ArrayBuffer(bytes!));
        this.#read(values, at!);
        return [name, { ...rest, data: values }];
      }),
    );
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(data: Tensor['data'], at: number): boolean {
    try {
      for (let done = 0; done < data.byteLength; ) {
        const view = new Uint8Array(data.buffer, data.byteOffset + done, data.byteLength - done);
        done += writeSync(this.#fd, view, 0, view.length, at + done);
      }
      return true;
    } catch {
      return false;
    }
  }

  #read(values: Tensor['data'], at: number): void {
    const view = new Uint8Array(values.buffer);
    for (let done = 0; done < view.length; ) {
      const more = readSync(this.#fd, view, done, view.length - done, at + done);
      if (more === 0) throw new Error('the exchange between the processes ends too early');
      done += more;
    }
  }
}
