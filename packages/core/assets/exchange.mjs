// How tensors cross between a process and the network's: their values through memory that both have mapped, what is said of them in a message. A pipe
// would copy values four times, and a message that carries binary data takes twice as long. One request is under way at a time; an answer lies behind
// its question, whose tensors are read where they lie. Plain JavaScript: both sides run it.

/** Of the memory; pages of it that are never touched are never taken. */
export const BYTES = 256 * 1024 * 1024;
/** Tensors begin at multiples of it: any element type can be read in place. */
const ALIGNED = 64;

const KINDS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

const each = (passes, change) =>
  passes.map((tensors, pass) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, pass, name)])),
  );

const aligned = (bytes) => Math.ceil(bytes / ALIGNED) * ALIGNED;

/** Values in a message, for those that have no room in the memory, or where there is none. */
const inWords = ({ buffer, byteOffset, byteLength }) => ({
  base64: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
});

/** The tensors of some passes with their values put into the memory from `start` on, once each, and where they lie. */
export function put(memory, passes, start = 0) {
  const places = new Map();
  const most = memory?.byteLength ?? 0;
  let end = start;
  const place = (data) => {
    const known = places.get(data);
    if (known) return known;
    const bytes = data.byteLength;
    if (end + bytes > most) return inWords(data);
    const found = { at: end, bytes };
    new Uint8Array(memory, end, bytes).set(new Uint8Array(data.buffer, data.byteOffset, bytes));
    places.set(data, found);
    end += aligned(bytes);
    return found;
  };
  return each(passes, ({ data, ...rest }) => (data === undefined ? rest : { ...rest, ...place(data) }));
}

/** Where what was put ends. */
export const endOf = (passes) =>
  Math.max(0, ...passes.flatMap(Object.values).map(({ at = 0, bytes = 0 }) => aligned(at + bytes)));

function valuesOf(memory, { type, at, bytes, base64 }) {
  const Kind = KINDS[type];
  if (base64 === undefined) return new Kind(memory, at, bytes / Kind.BYTES_PER_ELEMENT);
  return new Kind(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** The tensors with their values. The next request overwrites these: `own(values, tensor, pass, name)` copies what must outlive it. */
export const take = (memory, passes, own) =>
  each(passes, (tensor, pass, name) => {
    const { at, bytes, base64, ...rest } = tensor;
    if (at === undefined && base64 === undefined) return rest;
    return { ...rest, data: own(valuesOf(memory, tensor), rest, pass, name) };
  });
