// The client's own memory in `chrome.storage`, for extensions. An area stores JSON, and one call stores all of its items or none.
import { Keys } from "./keys.js";
import { take } from "./locks.js";

/** How many bytes are made text at once: functions take so many arguments. */
const CHUNK = 1 << 13;

function toText(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

const toBytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** A state in an area of `chrome.storage`, held by one context at a time. */
export class ChromeStorageState {
  #area;
  #prefix;
  /** The key under which is first written, with what a batch sets, what it removes. */
  #removing;
  #keys;
  #release;
  /** Writes come one after the other. */
  #turn = Promise.resolve();

  /** Opens it; `area` is `chrome.storage.local`, unless another is given. */
  static async open(name, { area = chrome.storage.local, ...options } = {}) {
    const state = new ChromeStorageState();
    state.#area = area;
    state.#prefix = `kitestring/${encodeURIComponent(name)}/`;
    state.#removing = `kitestring-removing/${encodeURIComponent(name)}`;
    state.#release = await take(`kitestring:chrome-storage:${name}`, options);
    try {
      await state.#load();
    } catch (error) {
      state.#release();
      throw error;
    }
    return state;
  }

  /** A removal that was interrupted is made up for. */
  async #load() {
    const { [this.#removing]: left } = await this.#area.get(this.#removing);
    if (left) await this.#area.remove([...left, this.#removing]);
    const all = this.#area.getKeys ? await this.#area.getKeys() : Object.keys(await this.#area.get(null));
    const ours = all.filter(key => key.startsWith(this.#prefix));
    this.#keys = new Keys(ours.map(key => key.slice(this.#prefix.length)));
  }

  async read(keys) {
    const known = keys.filter(key => this.#keys.has(key)).map(key => this.#prefix + key);
    const found = known.length > 0 ? await this.#area.get(known) : {};
    return keys.map(key => found[this.#prefix + key]).map(text => (text === undefined ? undefined : toBytes(text)));
  }

  async scan(prefix, after, limit) {
    const keys = this.#keys.page(prefix, after, limit);
    const values = await this.read(keys);
    return keys.map((key, at) => ({ key, value: values[at] }));
  }

  write(batch) {
    const written = this.#turn.then(() => this.#carryOut(new Map(batch.map(({ key, value }) => [key, value]))));
    this.#turn = written.catch(() => {});
    return written;
  }

  async #carryOut(batch) {
    const items = {};
    const removed = [...batch.keys()].filter(key => batch.get(key) === undefined);
    for (const [key, value] of batch) if (value !== undefined) items[this.#prefix + key] = toText(value);
    if (removed.length > 0) items[this.#removing] = removed.map(key => this.#prefix + key);
    await this.#area.set(items);
    for (const [key, value] of batch) value === undefined ? this.#keys.delete(key) : this.#keys.add(key);
    if (removed.length > 0) await this.#area.remove([...items[this.#removing], this.#removing]);
  }

  /** Another context may open it, once what is being written is written. */
  close() {
    return this.#turn.then(() => this.#release());
  }
}
