// How tensors of some size cross between a process and the network's: through a nameless file in memory that both hold open, which takes about half
// the time that a pipe does. One request is under way at a time, so each answer may overwrite its question. Plain JavaScript: both sides run it.
import { readSync, writeSync } from 'node:fs';

/** Below it a message is quicker; above it the memory would be felt. */
const LEAST = 16 * 1024;
const MOST = 16 * 1024 * 1024;

const KINDS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

function write(fd, data, at) {
  try {
    for (let done = 0; done < data.byteLength; ) {
      const view = new Uint8Array(data.buffer, data.byteOffset + done, data.byteLength - done);
      done += writeSync(fd, view, 0, view.length, at + done);
    }
    return true;
  } catch {
    return false;
  }
}

function read(fd, length, at) {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const more = readSync(fd, bytes, done, length - done, at + done);
    if (more === 0) throw new Error('the exchange between the processes ends too early');
    done += more;
  }
  return bytes;
}

const each = (tensors, change) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));

/** The tensors with what is large put into the file, and where; a full file system leaves it in the message. */
export function put(fd, tensors) {
  let end = 0;
  return each(tensors, ({ data, ...rest }) => {
    const at = end;
    const bytes = data?.byteLength;
    if (bytes >= LEAST && at + bytes <= MOST && write(fd, data, at)) {
      end += bytes;
      return { ...rest, at, bytes };
    }
    return data === undefined ? rest : { ...rest, data };
  });
}

/** The tensors with what lies in the file read from it. */
export const take = (fd, tensors) =>
  each(tensors, ({ at, bytes, ...rest }) =>
    at === undefined ? rest : { ...rest, data: new KINDS[rest.type](read(fd, bytes, at).buffer) },
  );
