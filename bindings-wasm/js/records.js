// The records of a state in memory.
import { Keys } from "./keys.js";

export class Records {
  #values = new Map();
  /** The keys in order, as of the last page that somebody asked for, */
  #keys = new Keys([]);
  /** and what has come and gone since. */
  #added = new Set();
  #gone = new Set();

  get(key) {
    return this.#values.get(key);
  }

  all() {
    return [...this.#values].map(([key, value]) => ({ key, value }));
  }

  /** At most `limit` records with the prefix, in the order of their keys, behind `after`. */
  page(prefix, after, limit) {
    this.#keys.change(this.#added, this.#gone);
    this.#added.clear();
    this.#gone.clear();
    return this.#keys.page(prefix, after, limit).map(key => ({ key, value: this.#values.get(key) }));
  }

  write(batch) {
    for (const { key, value } of batch) {
      if ((value === undefined) === this.#values.has(key)) this.#note(key, value === undefined);
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
  }

  /** Notes that a key has come or gone. One that did both is as it was. */
  #note(key, isGone) {
    const [from, to] = isGone ? [this.#added, this.#gone] : [this.#gone, this.#added];
    if (!from.delete(key)) to.add(key);
  }
}
