import { explain, ModelError } from '../errors.js';

/** What can be counted in an ONNX file without running it. */
export interface OnnxContents {
  /** Elements of floating-point initializers of rank >= 1: the parameters as papers count them. */
  readonly weights: number;
  /** Elements of all initializers, constants included. */
  readonly allInitializers: number;
  /** Files that hold tensors outside the graph file, wherever in the graph they are named. */
  readonly externalFiles: readonly string[];
}

const FLOATS = new Set([1, 10, 11, 16]); // float32, float16, float64, bfloat16
const DEEPEST = 32; // graphs inside attributes of nodes

class Damaged extends Error {}

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
    throw new Damaged('damaged bytes');
  }

  /** Every number of a packed field. */
  varints(): number[] {
    const values: number[] = [];
    while (this.#at < this.end) values.push(this.varint());
    return values;
  }

  /** Calls `visit` with each field's number and either its value or the reader of its bytes. */
  fields(visit: (field: number, value: number | Reader) => void): void {
    while (this.#at < this.end) {
      const tag = this.varint();
      const [field, wire] = [Math.floor(tag / 8), tag % 8];
      if (field === 0) throw new Damaged('damaged bytes');
      if (wire === 0) visit(field, this.varint());
      else if (wire === 2) visit(field, this.#sub(this.varint()));
      else if (wire === 1 || wire === 5) this.#sub(wire === 1 ? 8 : 4);
      else throw new Damaged('damaged bytes');
    }
  }

  /** The same for messages alone. */
  messages(visit: (field: number, message: Reader) => void): void {
    this.fields((field, value) => value instanceof Reader && visit(field, value));
  }

  text(): string {
    return new TextDecoder().decode(this.bytes.subarray(this.#at, this.end));
  }

  #sub(length: number): Reader {
    const start = this.#at;
    if (start + length > this.end) throw new Damaged('a truncated or damaged one');
    this.#at += length;
    return new Reader(this.bytes, start, start + length);
  }
}

interface Tally {
  weights: number;
  allInitializers: number;
  externalFiles: Set<string>;
}

function readTensor(tensor: Reader, tally: Tally): { elements: number; isWeight: boolean } {
  const dims: number[] = [];
  let type = 0;
  tensor.fields((field, value) => {
    if (field === 1) dims.push(...(value instanceof Reader ? value.varints() : [value]));
    else if (field === 2 && typeof value === 'number') type = value;
    else if (field === 13 && value instanceof Reader) noteExternal(value, tally);
  });
  const elements = dims.reduce((a, b) => a * b, 1);
  if (!Number.isSafeInteger(elements)) throw new Damaged('a tensor of more elements than can be');
  return { elements, isWeight: FLOATS.has(type) && dims.length >= 1 };
}

function noteExternal(entry: Reader, tally: Tally): void {
  let key = '';
  let text = '';
  entry.messages((field, value) => {
    if (field === 1) key = value.text();
    if (field === 2) text = value.text();
  });
  if (key === 'location') tally.externalFiles.add(text);
}

function readGraph(graph: Reader, tally: Tally, depth: number): void {
  if (depth > DEEPEST) throw new Damaged(`graphs nested deeper than ${DEEPEST}`);
  graph.messages((field, message) => {
    if (field === 1) readNode(message, tally, depth);
    else if (field === 5) {
      const { elements, isWeight } = readTensor(message, tally);
      tally.allInitializers += elements;
      if (isWeight) tally.weights += elements;
    }
  });
}

/** Tensors and graphs in a node's attributes: constants, and the bodies of loops and branches. */
function readNode(node: Reader, tally: Tally, depth: number): void {
  node.messages((field, attribute) => {
    if (field !== 5) return;
    attribute.messages((inner, value) => {
      if (inner === 5 || inner === 10) readTensor(value, tally);
      else if (inner === 6 || inner === 11) readGraph(value, tally, depth + 1);
    });
  });
}

/** Counts parameters and finds external files. @throws ModelError for what is no ONNX file, under the name given */
export function readOnnx(bytes: Uint8Array, name = 'graph'): OnnxContents {
  const tally: Tally = { weights: 0, allInitializers: 0, externalFiles: new Set() };
  let graphs = 0;
  try {
    new Reader(bytes).messages((field, message) => {
      if (field === 7) {
        graphs++;
        readGraph(message, tally, 0);
      } else if (field === 25) message.messages((inner, node) => inner === 7 && readNode(node, tally, 0));
    });
    if (graphs !== 1) throw new Damaged(graphs === 0 ? 'something else' : `${graphs} graphs`);
  } catch (cause) {
    if (!(cause instanceof Damaged)) throw cause;
    const fix = 'Fetch or export the file again';
    throw new ModelError(explain({ name, expected: 'an ONNX file with one graph', got: cause.message, fix }), {
      cause,
    });
  }
  return { weights: tally.weights, allInitializers: tally.allInitializers, externalFiles: [...tally.externalFiles] };
}
