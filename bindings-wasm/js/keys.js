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

  /** Takes keys in and out: many in one walk, since each of them alone moves all that are behind it. */
  change(added, gone) {
    if (added.size + gone.size < 32) {
      added.forEach(key => this.add(key));
      gone.forEach(key => this.delete(key));
      return;
    }
    const [fresh, merged] = [[...added].sort(), []];
    let at = 0;
    for (const key of this.#keys) {
      while (at < fresh.length && fresh[at] < key) merged.push(fresh[at++]);
      if (!gone.has(key)) merged.push(key);
    }
    while (at < fresh.length) merged.push(fresh[at++]);
    this.#keys = merged;
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
