import type { Feed, Feeds, Run, Tensor } from './protocol.js';

/** Above this many the one that was not used for longest is forgotten. */
const MOST = 8;

/**
 * Which constant feeds a network's process holds, so that they cross over once: half of what a denoiser is told at every step never changes.
 * Belongs to one process; what it says is sent must be sent.
 */
export class HeldConstants {
  /** By the values' own array; the latest used last. */
  readonly #held = new Map<Tensor['data'], number>();
  #next = 0;

  /** The feeds of some passes as they are sent, and what the process shall forget. */
  send(passes: readonly Feeds[]): Run {
    const sent = passes.map((feeds) =>
      Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, this.#feed(tensor)])),
    );
    const forget: number[] = [];
    for (const [data, number] of this.#held) {
      if (this.#held.size <= MOST) break;
      this.#held.delete(data);
      forget.push(number);
    }
    return { passes: sent, forget };
  }

  #feed({ constant, ...tensor }: Tensor): Feed {
    if (!constant) return tensor;
    const { data, ...rest } = tensor;
    const known = this.#held.get(data);
    const number = known ?? this.#next++;
    this.#held.delete(data);
    this.#held.set(data, number);
    return known === undefined ? { ...tensor, keep: number } : { ...rest, held: number };
  }
}
