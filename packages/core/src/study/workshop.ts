import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Comparable } from '../degradation/protocol.js';
import { comparable } from '../degradation/protocol.js';
import { EnvironmentError, explain, InputError } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import type { Image } from '../image/contract.js';
import { encode } from '../image/encode.js';
import { imageHash } from '../image/hash.js';
import type { Metric, Score } from '../metric/contract.js';
import { finite } from '../metric/finite.js';
import { meterMemory } from '../profile/memory.js';
import type { Registry } from '../registry.js';
import type { Restorer } from '../restorer/contract.js';
import { sha256 } from './canonical.js';
import { type CellResult, pictureName, writeCell } from './cells.js';
import { openStudyImage } from './images.js';
import type { Order, Setup, Spent } from './messages.js';
import { restoreForComparison } from './protocol.js';
import { createMetric, createRestorer, identityOf } from './restorers.js';

/** The last thing made, kept for as long as the next one asked for is the same. */
class Latest<T> {
  #kept: { readonly key: string; readonly value: T } | undefined;

  async get(key: string, make: () => Promise<T>): Promise<T> {
    if (this.#kept?.key === key) return this.#kept.value;
    this.#kept = undefined; // free the old one first
    const value = await make();
    this.#kept = { key, value };
    return value;
  }
}

/** Where cells are computed: in a child process, one after another. Restorers stay open, the picture at hand and its degraded form are kept. */
export class Workshop {
  readonly #setup: Setup;
  readonly #registry: Registry;
  readonly #metrics: readonly Metric[];
  readonly #restorers = new Map<number, Promise<Restorer>>();
  readonly #image = new Latest<Image>();
  readonly #degraded = new Latest<Comparable>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(setup: Setup, registry: Registry) {
    this.#setup = setup;
    this.#registry = registry;
    this.#metrics = setup.spec.metrics.map((metric) => createMetric(registry, metric));
  }

  /** Computes a cell and writes its result, its picture first. @throws whatever stands in the way, `IR_E_WRITE` among it */
  async compute({ key, address, at, keepPicture }: Order): Promise<Spent> {
    const { spec } = this.#setup;
    const memory = await meterMemory();
    const laps = stopwatch();
    const image = await this.#open(at.image);
    const open = laps();
    const { seed } = address;
    const { degradation } = spec.degradations[at.degradation]!;
    const pictures = await this.#degrade(image, at, seed);
    const degrade = laps();
    const restorer = await this.#restorer(at.restorer);
    this.#assertSame(identities(address, identityOf(restorer, spec.degradations[at.degradation]!), this.#metrics));
    const output = await restoreForComparison(restorer, pictures, { degradation, seed, exec: this.#exec });
    const restore = laps();
    const scores = await this.#score(pictures, output, { degradation, seed });
    const score = laps();
    const writing = this.#write({ key, address, scores }, keepPicture ? output : undefined);
    this.#writing = writing.catch(() => {});
    await writing;
    const milliseconds = { open, degrade, restore, score, write: laps() };
    return { milliseconds, peakMemory: (await memory.peak()).bytes };
  }

  /** Settles when no file is under way: leaving then leaves nothing half-written. */
  settled(): Promise<unknown> {
    return this.#writing;
  }

  get #exec() {
    return { ...this.#setup.native, threads: this.#setup.spec.threads };
  }

  #open(index: number): Promise<Image> {
    return this.#image.get(String(index), async () => {
      const { path, hash } = this.#setup.images[index]!;
      const image = await openStudyImage(path, this.#setup.spec.longSide, this.#exec);
      if ((await imageHash(image)) === hash) return image;
      const told = { name: path, expected: 'the picture that was planned with', got: 'another one' };
      throw new InputError(
        'IR_E_FORMAT',
        explain({ ...told, fix: 'The file has changed meanwhile: run the study again' }),
      );
    });
  }

  #degrade(image: Image, { image: i, degradation: d }: Order['at'], seed: number): Promise<Comparable> {
    const { degradation } = this.#setup.spec.degradations[d]!;
    return this.#degraded.get(`${i}/${d}/${seed}`, () => comparable(image, degradation, { seed, exec: this.#exec }));
  }

  #restorer(index: number): Promise<Restorer> {
    const { spec } = this.#setup;
    const open = this.#restorers.get(index) ?? createRestorer(this.#registry, spec.restorers[index]!, spec.threads);
    this.#restorers.set(index, open);
    return open;
  }

  /** The child's registry has to be the one that the study was planned with. */
  #assertSame([planned, here]: readonly [string, string]): void {
    if (planned === here) return;
    const fix = 'registryModule has to give the registry that the study was planned with';
    const told = { name: this.#setup.registryModule, expected: planned, got: here, fix };
    throw new EnvironmentError('IR_E_ENVIRONMENT', explain(told));
  }

  async #score(
    { reference, degraded }: Comparable,
    image: Image,
    applied: { degradation: Setup['spec']['degradations'][number]['degradation']; seed: number },
  ): Promise<Record<string, Score>> {
    const input = { reference, image, input: degraded, applied };
    const scores: Record<string, Score> = {};
    for (const metric of this.#metrics) scores[metric.alias] = finite(await metric.score(input));
    return scores;
  }

  async #write(result: Omit<CellResult, 'picture'>, output: Image | undefined): Promise<void> {
    const { out } = this.#setup;
    const bytes = output && (await encode(output, 'png'));
    if (bytes) await writeAtomically(join(out, pictureName(result.key)), bytes);
    await writeCell(out, { ...result, picture: bytes ? sha256(bytes) : null });
  }
}

/** Identities as planned and as they are here. */
const identities = (
  address: Order['address'],
  identity: string,
  metrics: readonly Metric[],
): readonly [string, string] => [
  [address.restorer.identity, ...address.metrics.map(([, id]) => id)].join(', '),
  [identity, ...metrics.map(({ id }) => id)].join(', '),
];

function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const lap = now - last;
    last = now;
    return Math.round(lap * 10) / 10;
  };
}
