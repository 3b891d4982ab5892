import { ModelError } from '../errors.js';

/** What can be counted in an ONNX file without running it. */
export interface OnnxContents {
  /** Elements of floating-point initializers of rank >= 1: the parameters as papers count them. */
  readonly weights: number;
  /** Elements of all initializers, constants included. */
  readonly allInitializers: number;
  /** Files that hold tensors outside the graph file. */
  readonly externalFiles: readonly string[];
}

const FLOATS = new Set([1, 10, 11, 16]); // float32, float16, float64, bfloat16

/** A reader of protocol buffers, as far as counting needs one. */
class Reader {
  #at: number;
  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.#at = start;
  }

  varint(): number {
    let value = 0;
    for (let shift = 1; this.#at < this.end && shift < 2 ** 64; shift *= 128) {
      const byte = this.bytes[this.#at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    throw new ModelError('expected an ONNX file, got damaged bytes');
  }

  /** Calls `visit` with each field's number and either its value or the reader of its bytes. */
  fields(visit: (field: number, value: number | Reader) => void): void {
    while (this.#at < this.end) {
      const tag = this.varint();
      const [field, wire] = [Math.floor(tag / 8), tag % 8];
      if (wire === 0) visit(field, this.varint());
      else if (wire === 2) visit(field, this.#sub(this.varint()));
      else this.#sub(wire === 1 ? 8 : wire === 5 ? 4 : Number.POSITIVE_INFINITY);
    }
  }

  text(): string {
    return new TextDecoder().decode(this.bytes.subarray(this.#at, this.end));
  }

  #sub(length: number): Reader {
    const start = this.#at;
    if (!(start + length <= this.end)) throw new ModelError('expected an ONNX file, got a truncated or damaged one');
    this.#at += length;
    return new Reader(this.bytes, start, start + length);
  }
}

interface Tally {
  weights: number;
  allInitializers: number;
  externalFiles: Set<string>;
}

function countTensor(tensor: Reader, tally: Tally): void {
  const dims: number[] = [];
  let type = 0;
  tensor.fields((field, value) => {
    if (field === 1 && typeof value === 'number') dims.push(value);
    else if (field === 1 && value instanceof Reader) for (const d of packed(value)) dims.push(d);
    else if (field === 2 && typeof value === 'number') type = value;
    else if (field === 13 && value instanceof Reader) noteExternal(value, tally);
  });
  const elements = dims.reduce((a, b) => a * b, 1);
  tally.allInitializers += elements;
  if (FLOATS.has(type) && dims.length >= 1) tally.weights += elements;
}

function packed(reader: Reader): number[] {
  const values: number[] = [];
  for (;;) {
    try {
      values.push(reader.varint());
    } catch {
      return values;
    }
  }
}

function noteExternal(entry: Reader, tally: Tally): void {
  let key = '';
  let text = '';
  entry.fields((field, value) => {
    if (!(value instanceof Reader)) return;
    if (field === 1) key = value.text();
    if (field === 2) text = value.text();
  });
  if (key === 'location') tally.externalFiles.add(text);
}

/** Counts parameters and finds external files. @throws ModelError for what is no ONNX file */
export function readOnnx(bytes: Uint8Array): OnnxContents {
  const tally: Tally = { weights: 0, allInitializers: 0, externalFiles: new Set() };
  let graphs = 0;
  new Reader(bytes).fields((field, graph) => {
    if (field !== 7 || !(graph instanceof Reader)) return;
    graphs++;
    graph.fields((inner, tensor) => {
      if (inner === 5 && tensor instanceof Reader) countTensor(tensor, tally);
    });
  });
  if (graphs !== 1) throw new ModelError('expected an ONNX file with one graph, got something else');
  return { weights: tally.weights, allInitializers: tally.allInitializers, externalFiles: [...tally.externalFiles] };
}
