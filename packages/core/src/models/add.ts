import { basename } from 'node:path';
import { Network } from '../network/index.js';
import type { PortMetadata } from '../network/protocol.js';
import { describeMetricGraph, kindOfGraph } from './add-metric.js';
import { type GraphManifest, type Port, parseManifest } from './manifest.js';
import { describePictures, findMultiple, measureReach, type Pictures } from './probe.js';
import { idFrom, installModel, type StagedGraph, type StagingOptions, stageGraph } from './staging.js';
import type { InstalledModel } from './store.js';

/** What the user says of a graph; the rest is asked of the graph itself. */
export interface AddModelOptions extends StagingOptions {
  /** What the model is for; default: by its ports (`kindOfGraph`). */
  readonly kind?: GraphManifest['kind'];
  /** Default: the file's name without extension. */
  readonly id?: string;
  readonly title?: string;
  /** Values of black and white at the input; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** The same at the output; default as at the input. */
  readonly outputRange?: readonly [number, number];
  readonly colour?: 'RGB' | 'BGR';
  /** Default: found by trying. */
  readonly multiple?: number;
  /** How far an input pixel can change the output, known exactly. Default: measured, and tiles fade into each other. */
  readonly reach?: number;
  readonly maxPixels?: number;
  readonly licence?: string;
  readonly source?: string;
  readonly tasks?: string;
  /** Which way quality goes, for a model of that kind; default higher. */
  readonly direction?: 'higher' | 'lower';
}

/**
 * Installs a user's network: copies the file, asks the graph for its ports and by them for its kind, runs it on test pictures to find scale, size
 * multiple and reach, and only then gives the folder its name: a model is there whole or not at all.
 * @throws ModelError where the graph cannot serve as its kind; UsageError for a bad option or an id that is taken; EnvironmentError
 * `IR_E_WRITE` where the folder cannot be written
 */
export function addModel(file: string, options: AddModelOptions = {}): Promise<InstalledModel<GraphManifest>> {
  return installModel(options.id ?? idFrom(file), options, async (staged, id) => {
    const graph = await stageGraph(file, staged, `${id}.onnx`, options.signal);
    return describe(graph, file, id, options);
  });
}

async function describe(
  staged: StagedGraph,
  file: string,
  id: string,
  options: AddModelOptions,
): Promise<GraphManifest> {
  const { signal } = options;
  const network = await Network.open(id, staged.path, signal ? { signal } : {});
  try {
    const kind = options.kind ?? kindOfGraph(network);
    const asked =
      kind === 'restorer'
        ? await describeRestorer(network, options)
        : await describeMetricGraph(network, kind, forMetric(id, options));
    return manifestOf(id, file, staged, { kind, ...asked }, options);
  } finally {
    await network.dispose();
  }
}

interface Measured {
  readonly pictures: Pictures;
  readonly multiple: number;
  readonly reach: number;
}

async function measure(network: Network, { range = [0, 1], signal, ...given }: AddModelOptions): Promise<Measured> {
  const pictures = await describePictures(network, range, given.multiple, signal);
  const multiple = given.multiple ?? (await findMultiple(pictures, signal));
  const reach = given.reach ?? (await measureReach(pictures, multiple, signal));
  return { pictures, multiple, reach };
}

const SIDES = ['batch', 'channels', 'height', 'width'] as const;

export function portOf(
  { name, shape = [] }: PortMetadata,
  channels: number,
  range: readonly [number, number],
  colour: Port['colour'],
) {
  // Free sides without a name get the usual one; the channels are those that the graph was seen to take or give.
  const side = (i: number) => (i === 1 ? channels : shape[i] || SIDES[i]);
  const sides = SIDES.map((_, i) => side(i));
  return { name, shape: sides, dtype: 'float32', layout: 'NCHW', range, colour: channels === 1 ? 'grey' : colour };
}

/** The part of a restorer's manifest that is asked of its graph. */
async function describeRestorer(network: Network, options: AddModelOptions): Promise<object> {
  const { range = [0, 1], colour = 'RGB', outputRange = range } = options;
  const { pictures, multiple, reach } = await measure(network, options);
  return {
    input: portOf(pictures.input, pictures.channels, range, colour),
    output: portOf(pictures.output, pictures.outputChannels, outputRange, colour),
    scale: pictures.scale,
    multiple,
    reach,
    ...(options.reach === undefined ? { blend: true } : {}),
    maxPixels: options.maxPixels ?? 1_048_576,
  };
}

/** LPIPS is defined on [-1, 1]; where the user says nothing, a model of that name takes it. */
const forMetric = (id: string, options: AddModelOptions): AddModelOptions =>
  /^lpips\b|^lpips[-_.]/.test(id) && !options.range ? { ...options, range: [-1, 1] } : options;

function manifestOf(
  id: string,
  file: string,
  { graph, parameters }: StagedGraph,
  asked: object,
  options: AddModelOptions,
): GraphManifest {
  const manifest = {
    schema: 'ir.model/1',
    id,
    title: options.title ?? id,
    graph,
    ...asked,
    parameters,
    licence: options.licence ?? 'unknown',
    source: options.source ?? basename(file),
    ...(options.tasks ? { tasks: options.tasks } : {}),
  };
  return parseManifest(manifest, `the manifest of ${id}`) as GraphManifest; // by its kind
}
