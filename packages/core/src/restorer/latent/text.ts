import { explain, ModelError } from '../../errors.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { Network } from '../../network/index.js';
import type { Tensor } from '../../network/protocol.js';
import type { CallOptions } from '../../progress.js';
import type { Conditioning, OpenParts, TextEncoder } from './open-parts.js';

/** Numbers spread over cosines, then sines, of frequencies from 1 down to 1 / 10000, as in diffusion models' embeddings of time. */
export function sinusoids(values: readonly number[], width: number): number[] {
  const half = width / 2;
  const angles = (value: number) =>
    Array.from({ length: half }, (_, i) => value * Math.exp((-Math.log(10_000) * i) / half));
  return values.flatMap((value) => [...angles(value).map(Math.cos), ...angles(value).map(Math.sin)]);
}

async function runEncoder(network: Network, part: TextEncoder, tokens: readonly number[], { signal }: CallOptions) {
  const data = part.tokens.dtype === 'int64' ? BigInt64Array.from(tokens, BigInt) : Int32Array.from(tokens);
  const feed: Tensor = { type: part.tokens.dtype, data, dims: [1, tokens.length] };
  const outputs = await network.run({ [part.tokens.name]: feed }, signal ? { signal } : {});
  return {
    context: part.context && floats(network, outputs, part.context.name, 3),
    pooled: part.pooled && floats(network, outputs, part.pooled.name, 2),
  };
}

function floats(network: Network, outputs: Readonly<Record<string, Tensor>>, port: string, rank: number) {
  const { data, dims = [], type = 'nothing' } = outputs[port] ?? {};
  if (data instanceof Float32Array && dims.length === rank && dims[0] === 1) return { data, dims };
  const expected = `float32 of rank ${rank} from ${port}, batch 1`;
  throw new ModelError(explain({ name: network.name, expected, got: `${type} [${dims.join(', ')}]` }));
}

type Floats = ReturnType<typeof floats>;

/** Contexts side by side along their features: token k of the result is token k of each. @throws ModelError where their numbers of tokens differ */
function joined(contexts: readonly Floats[], name: string): Tensor {
  const tokens = contexts[0]!.dims[1]!;
  if (contexts.some(({ dims }) => dims[1] !== tokens)) {
    const got = contexts.map(({ dims }) => dims[1]).join(' and ');
    throw new ModelError(explain({ name, expected: 'text encoders of one number of tokens', got }));
  }
  const width = contexts.reduce((sum, { dims }) => sum + dims[2]!, 0);
  const data = new Float32Array(tokens * width);
  for (let k = 0, to = 0; k < tokens; k++)
    for (const one of contexts) {
      const each = one.dims[2]!;
      data.set(one.data.subarray(k * each, (k + 1) * each), to);
      to += each;
    }
  return { type: 'float32', data, dims: [1, tokens, width] };
}

const vectorOf = (data: Float32Array): Tensor => ({ type: 'float32', data, dims: [1, data.length] });

/** A text through all encoders of the model. */
export async function readText(
  { id, parts: { text: part } }: LatentManifest,
  parts: OpenParts,
  text: string,
  call: CallOptions,
): Promise<Conditioning> {
  if (part?.kind !== 'encoders') return {};
  const read = [];
  for (const [i, encoder] of part.encoders.entries())
    read.push(await runEncoder(parts.network(`text.encoders.${i}`), encoder, parts.tokenizers[i]!(text), call));
  const contexts = read.flatMap(({ context }) => (context ? [context] : []));
  const pooled = read.flatMap((one) => (one.pooled ? [...one.pooled.data] : []));
  const vector = [...pooled, ...(part.sizes ? sinusoids(part.sizes.values, part.sizes.width) : [])];
  return {
    ...(contexts.length > 0 ? { context: joined(contexts, `${id} text`) } : {}),
    ...(vector.length > 0 ? { vector: vectorOf(Float32Array.from(vector)) } : {}),
  };
}

/** Numbers for a context or vector as tensors: [1, tokens, D] by the denoiser's own port. @throws ModelError where its length does not fit */
export function fixedText(
  manifest: LatentManifest,
  { context, vector }: { readonly context?: Float32Array; readonly vector?: Float32Array },
): Conditioning {
  const { denoiser, control } = manifest.parts;
  const port = denoiser.inputs.context ?? control?.inputs.context;
  return {
    ...(context && port ? { context: shaped(context, port.shape, `${manifest.id} text.context`) } : {}),
    ...(vector ? { vector: vectorOf(vector) } : {}),
  };
}

function shaped(data: Float32Array, [, tokens, width]: readonly (number | string)[], name: string): Tensor {
  const [t, w] = [Number(tokens) || data.length / Number(width), Number(width) || data.length / Number(tokens)];
  if (Number.isInteger(t) && Number.isInteger(w) && t * w === data.length)
    return { type: 'float32', data, dims: [1, t, w] };
  const expected = `values for the denoiser's context [1, ${tokens}, ${width}]`;
  const fix = 'State tokens or width as a number in parts.denoiser.inputs.context, and check the file';
  throw new ModelError(explain({ name, expected, got: `${data.length}`, fix }));
}
