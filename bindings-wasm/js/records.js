// The records of a state in memory.
import { Keys } from "./keys.js";

export class Records {
  #values = new Map();
  /** The keys in order; undefined once one has come or gone, until somebody asks for a page. */
  #keys;

  get(key) {
    return this.#values.get(key);
  }

  all() {
    return [...this.#values].map(([key, value]) => ({ key, value }));
  }

  /** At most `limit` records with the prefix, in the order of their keys, behind `after`. */
  page(prefix, after, limit) {
    this.#keys ??= new Keys(this.#values.keys());
    return this.#keys.page(prefix, after, limit).map(key => ({ key, value: this.#values.get(key) }));
  }

  write(batch) {
    for (const { key, value } of batch) {
      if ((value === undefined) === this.#values.has(key)) this.#keys = undefined;
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
  }
}
