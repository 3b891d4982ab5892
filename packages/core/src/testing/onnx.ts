/**
 * Writes ONNX files byte by byte, as far as tests need them: small graphs made where they are used, with nothing to install and nothing to commit.
 * Field numbers are those of onnx.proto3 (protocol buffers: a tag, then a varint, four bytes, or a length and bytes).
 */
export interface GraphSpec {
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly tensors?: readonly TensorSpec[];
}

export interface PortSpec {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** Default float32. */
  readonly type?: keyof typeof TYPES;
}

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | TensorSpec | GraphSpec>>;
}

export interface TensorSpec {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
  /** Weights outside the graph file: the name written into it; `data` is then left out. */
  readonly external?: string;
}

const TYPES = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;
const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7 } as const;

const text = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const integer = (field: number, value: number) => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, value: Uint8Array) =>
  joined([Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
const string = (field: number, value: string) => bytes(field, text.encode(value));
const message = (field: number, ...parts: Uint8Array[]) => bytes(field, joined(parts));
const real = (field: number, value: number) =>
  joined([Uint8Array.from(varint(field * 8 + 5)), new Uint8Array(Float32Array.of(value).buffer)]);

function tensor({ name, dims, data, external }: TensorSpec): Uint8Array {
  const body = external
    ? joined([message(13, string(1, 'location'), string(2, external)), integer(14, 1)])
    : bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const type = data instanceof Float32Array ? TYPES.float32 : TYPES.int64;
  return joined([...dims.map((d) => integer(1, d)), integer(2, type), string(8, name), body]);
}

function port({ name, shape, type = 'float32' }: PortSpec): Uint8Array {
  const sides = shape.map((d) => message(1, typeof d === 'number' ? integer(1, d) : string(2, d)));
  return joined([string(1, name), message(2, message(1, integer(1, TYPES[type]), message(2, ...sides)))]);
}

function attribute(name: string, value: NonNullable<NodeSpec['attributes']>[string]): Uint8Array {
  const written = (type: keyof typeof ATTRIBUTE, ...parts: Uint8Array[]) =>
    joined([string(1, name), ...parts, integer(20, ATTRIBUTE[type])]);
  if (typeof value === 'string') return written('string', string(4, value));
  if (typeof value === 'number')
    return Number.isInteger(value) ? written('int', integer(3, value)) : written('float', real(2, value));
  if ('nodes' in value) return written('graph', bytes(6, graph(value)));
  if ('dims' in value) return written('tensor', bytes(5, tensor(value)));
  return value.every(Number.isInteger)
    ? written('ints', ...value.map((v) => integer(8, v)))
    : written('floats', ...value.map((v) => real(7, v)));
}

function node({ op, inputs, outputs, attributes = {} }: NodeSpec): Uint8Array {
  return joined([
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  ]);
}

function graph({ inputs, outputs, nodes, tensors = [] }: GraphSpec): Uint8Array {
  return joined([
    ...nodes.map((n) => bytes(1, node(n))),
    string(2, 'test'),
    ...tensors.map((t) => bytes(5, tensor(t))),
    ...inputs.map((p) => bytes(11, port(p))),
    ...outputs.map((p) => bytes(12, port(p))),
  ]);
}

/** The file's bytes: intermediate representation 8, operator set 17. */
export function onnxBytes(spec: GraphSpec): Uint8Array {
  return joined([
    integer(1, 8),
    string(2, 'ir tests'),
    bytes(7, graph(spec)),
    message(8, string(1, ''), integer(2, 17)),
  ]);
}
