// The keys of a state in memory, in order: for stores that cannot list them so.

/** The first place whose key is not smaller. */
function placeOf(keys, key) {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Keys {
  #keys;

  constructor(keys) {
    this.#keys = [...keys].sort();
  }

  has(key) {
    return this.#keys[placeOf(this.#keys, key)] === key;
  }
  add(key) {
    const at = placeOf(this.#keys, key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }
  delete(key) {
    const at = placeOf(this.#keys, key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** At most `limit` keys with the prefix, behind `after`. */
  page(prefix, after, limit) {
    const behind = after !== undefined && after >= prefix;
    let at = placeOf(this.#keys, behind ? after : prefix);
    if (behind && this.#keys[at] === after) at += 1;
    const found = this.#keys.slice(at, at + limit);
    const end = found.findIndex(key => !key.startsWith(prefix));
    return end < 0 ? found : found.slice(0, end);
  }
}
