/**
 * Work in groups (the cells of one picture), handed out to workers so that each stays with a group for as long as it lasts: first groups that
 * nobody has begun, then, from the end, a share of the group with most left.
 */
export class GroupQueue<T> {
  readonly #groups: T[][];
  readonly #begun = new Set<T[]>();
  readonly #own = new Map<number, T[]>();

  constructor(items: readonly T[], groupOf: (item: T) => unknown) {
    const groups = new Map<unknown, T[]>();
    for (const item of items) {
      const key = groupOf(item);
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
    this.#groups = [...groups.values()];
  }

  /** The next item of a worker; undefined when nothing is left. */
  take(worker: number): T | undefined {
    const own = this.#own.get(worker);
    const next = own?.shift();
    if (next !== undefined) return next;
    const group = this.#groups.find((one) => !this.#begun.has(one) && one.length > 0);
    if (group) {
      this.#begun.add(group);
      this.#own.set(worker, group);
      return group.shift();
    }
    const longest = this.#groups.reduce<T[]>((a, b) => (b.length > a.length ? b : a), []);
    return longest.pop();
  }
}
