import { EnvironmentError, explain, ModelError } from '../errors.js';
import { notFinite } from '../finite.js';
import type { Image } from '../image/contract.js';
import type { Network } from '../network/index.js';
import type { PortMetadata, Tensor } from '../network/protocol.js';
import type { GraphManifest } from './manifest.js';
import { testPicture } from './probe.js';

/** What the user says of a graph that measures. */
export interface MetricModelOptions {
  /** Values of black and white; default [0, 1]. */
  readonly range?: readonly [number, number];
  readonly colour?: 'RGB' | 'BGR';
  /** Default: by the number of tokens, else found by trying. */
  readonly multiple?: number;
  /** For `quality`; default higher. */
  readonly direction?: 'higher' | 'lower';
  readonly signal?: AbortSignal;
}

const refuse = (name: string, expected: string, got: string, fix?: string) =>
  new ModelError(explain({ name, expected, got, fix }));

const portsText = (ports: readonly PortMetadata[]) =>
  ports.map((p) => `${p.name}: ${p.type} [${(p.shape ?? []).join(', ')}]`).join('; ') || 'none';

/** What a graph is for, by its ports: two pictures in, a distance; one picture in: a picture, a vector or a number out. */
export function kindOfGraph({ inputs, outputs }: Network): GraphManifest['kind'] {
  if (inputs.length === 2) return 'distance';
  const ranks = outputs.map((port) => port.shape?.length ?? 0);
  if (inputs.length !== 1 || ranks.some((rank) => rank === 4)) return 'restorer';
  const vector = outputs.some(({ shape = [] }) => shape.length === 3 || (shape.length === 2 && shape[1] !== 1));
  return vector ? 'encoder' : 'quality';
}

class Graph {
  readonly #range: readonly [number, number];

  constructor(
    readonly network: Network,
    readonly options: MetricModelOptions,
  ) {
    this.#range = options.range ?? [0, 1];
    for (const { name, shape = [], type, isTensor } of network.inputs)
      if (!isTensor || type !== 'float32' || shape.length !== 4 || (typeof shape[1] === 'number' && shape[1] !== 3))
        throw refuse(
          `${network.name} input`,
          'float32 pictures [N, 3, H, W]',
          portsText([{ name, shape, type: type ?? 'unknown', isTensor }]),
        );
  }

  /** Sides that the graph is bound to, if it is. */
  get fixed(): readonly [number, number] | undefined {
    const [, , height, width] = this.network.inputs[0]!.shape ?? [];
    return typeof height === 'number' && typeof width === 'number' ? [width, height] : undefined;
  }

  /** One pass over made-up pictures of a size. @throws ModelError for what fails or gives numbers that are not finite */
  async pass(width: number, height: number): Promise<Readonly<Record<string, Tensor>>> {
    const { signal } = this.options;
    const feeds = this.network.inputs.map(({ name }) => {
      const data = testPicture(3, width, height, this.#range);
      return [name, { type: 'float32', data, dims: [1, 3, height, width] } satisfies Tensor] as const;
    });
    const outputs = await this.network.run(Object.fromEntries(feeds), signal ? { signal } : {});
    for (const [name, { data, type }] of Object.entries(outputs))
      if (!(data instanceof Float32Array) || notFinite(data) !== undefined)
        throw refuse(
          `${this.network.name} output ${name}`,
          'finite float32 numbers',
          type === 'float32' ? 'NaN or infinity' : type,
        );
    return outputs;
  }

  /** Some graphs fail at sizes too small for them, some bring their process down (a division by 0 in a pooling layer). */
  async takes(width: number, height: number): Promise<boolean> {
    try {
      await this.pass(width, height);
      return true;
    } catch (error) {
      const crashed = error instanceof EnvironmentError && error.code === 'IR_E_WORKER';
      if (error instanceof ModelError || crashed) return false;
      throw error;
    }
  }

  port({ name, shape = [] }: PortMetadata) {
    const sides = ['batch', 3, 'height', 'width'].map((free, i) => (i === 1 ? 3 : shape[i] || free));
    const { colour = 'RGB' } = this.options;
    return { name, shape: sides, dtype: 'float32', layout: 'NCHW', range: this.#range, colour };
  }
}

const SIDES = [8, 16, 32, 48, 64, 96, 128, 161, 176, 192, 224, 256, 384, 512];

/** The shortest side, of a list, that the graph takes in both directions. */
async function smallestSide(graph: Graph, multiple: number): Promise<number> {
  if (graph.fixed) return Math.min(...graph.fixed);
  for (const least of SIDES) {
    const side = Math.ceil(least / multiple) * multiple;
    if ((await graph.takes(side, side + multiple)) && (await graph.takes(side + multiple, side))) return side;
  }
  const fix = 'Export the graph with free height and width';
  throw refuse(graph.network.name, 'a graph that takes pictures of several sizes', 'one that refuses them', fix);
}

/** A side that the multiples of all usual encoders (7, 8, 14, 16, 28, 32) divide. */
const COMMON = 448;

async function describeEncoder(graph: Graph) {
  const { network, options } = graph;
  const [width, height] = graph.fixed ?? [COMMON, COMMON];
  const outputs = await graph.pass(width, height);
  const ofRank = (rank: number) => Object.entries(outputs).find(([, { dims }]) => dims.length === rank);
  const [embedding, tokens] = [ofRank(2), ofRank(3)];
  if (!embedding) throw refuse(network.name, 'an output [N, D], the embedding', portsText(network.outputs));
  const squares = tokens?.[1].dims[1];
  const multiple = options.multiple ?? (squares === undefined ? 32 : Math.sqrt((width * height) / squares));
  const whole = Number.isInteger(multiple) && width % multiple === 0 && height % multiple === 0;
  if (tokens && (!whole || squares !== (width * height) / multiple ** 2)) {
    const expected = `a token for every square of ${options.multiple ?? 'some number of'} pixels`;
    throw refuse(`${network.name} output ${tokens[0]}`, expected, `${squares} for ${width}x${height}`);
  }
  const smallest = await smallestSide(graph, multiple);
  if (!graph.fixed) {
    // Numbers that become more with the picture (its pixels, flattened) are no embedding: sizes could not be compared.
    const { dims } = (await graph.pass(smallest, smallest + multiple))[embedding[0]]!;
    const [here, there] = [dims[1], embedding[1].dims[1]];
    if (here !== there)
      throw refuse(
        `${network.name} output ${embedding[0]}`,
        'an embedding of one length for all sizes',
        `${here} for ${smallest}x${smallest + multiple}, ${there} for ${width}x${height}`,
      );
  }
  return {
    input: graph.port(network.inputs[0]!),
    embedding: { name: embedding[0] },
    ...(tokens ? { tokens: { name: tokens[0] } } : {}),
    multiple,
    smallest,
  };
}

async function describeDistance(graph: Graph) {
  const { network, options } = graph;
  const multiple = options.multiple ?? 1;
  const smallest = await smallestSide(graph, multiple);
  const [width, height] = graph.fixed ?? [smallest, smallest];
  const outputs = Object.entries(await graph.pass(width, height));
  const distance = outputs.find(([, { data }]) => data.length === 1);
  const map = outputs.find(([, { dims, data }]) => dims.length === 4 && data.length > 1);
  if (!distance) throw refuse(network.name, 'an output of one number a picture', portsText(network.outputs));
  const same = distance[1].data[0] as number;
  if (Math.abs(same) > 1e-3)
    throw refuse(`${network.name} output ${distance[0]}`, 'a distance: 0 of a picture from itself', String(same));
  const [reference, image] = network.inputs.map((port) => graph.port(port));
  return {
    reference,
    image,
    distance: { name: distance[0] },
    ...(map ? { map: { name: map[0] } } : {}),
    multiple,
    smallest,
  };
}

async function describeQuality(graph: Graph) {
  const { network, options } = graph;
  const multiple = options.multiple ?? 1;
  const smallest = await smallestSide(graph, multiple);
  const [width, height] = graph.fixed ?? [smallest, smallest];
  const found = Object.entries(await graph.pass(width, height)).find(([, { data }]) => data.length === 1);
  if (!found) throw refuse(network.name, 'an output of one number a picture', portsText(network.outputs));
  const { direction = 'higher' } = options;
  return { input: graph.port(network.inputs[0]!), quality: { name: found[0] }, direction, multiple, smallest };
}

/** The part of a measuring model's manifest that is asked of its graph. @throws ModelError where it cannot serve as `kind` */
export function describeMetricGraph(
  network: Network,
  kind: 'distance' | 'encoder' | 'quality',
  options: MetricModelOptions,
): Promise<object> {
  const graph = new Graph(network, options);
  const inputs = kind === 'distance' ? 2 : 1;
  if (network.inputs.length !== inputs)
    throw refuse(
      `${network.name} input`,
      `${inputs} picture${inputs > 1 ? 's' : ''} for a model of kind ${kind}`,
      portsText(network.inputs),
    );
  if (kind === 'encoder') return describeEncoder(graph);
  return kind === 'distance' ? describeDistance(graph) : describeQuality(graph);
}

/** How a picture is fed that a model of this manifest measures: a made-up one of a size it takes. */
export function madeUpPicture(width: number, height: number): Image {
  const data = testPicture(3, width, height, [0, 1]).map((v) => Math.min(1, Math.max(0, v)));
  return { width, height, channels: 3, depth: 32, data };
}
