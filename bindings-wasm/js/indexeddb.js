// The client's own memory in IndexedDB: one transaction for each batch, durable when it has ended.
import { settled, transact } from "./database.js";
import { KiteError } from "./error.js";
import { take } from "./locks.js";

const STORE = "records";
/** Who holds the state. No key of a record is a number, and no scan sees one. */
const OWNER = 0;

/** A state in a database of the browser, held by one context at a time. */
export class IndexedDbState {
  #database;
  #release;
  #owner = crypto.getRandomValues(new Uint32Array(4)).join("-");

  /** Opens the database, and makes it if it is not there. */
  static async open(name, options) {
    const state = new IndexedDbState();
    state.#release = await take(`kitestring:indexeddb:${name}`, options);
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      state.#database = await settled(request);
      state.#database.onversionchange = () => state.close();
      await transact(state.#database, STORE, store => store.put(state.#owner, OWNER));
    } catch (error) {
      state.close();
      throw error;
    }
    return state;
  }

  async read(keys) {
    const store = this.#database.transaction(STORE).objectStore(STORE);
    return Promise.all(keys.map(key => settled(store.get(key))));
  }

  async scan(prefix, after, limit) {
    const store = this.#database.transaction(STORE).objectStore(STORE);
    // Keys are ASCII: nothing that starts with the prefix sorts behind this.
    const [end, start] = [`${prefix}\uffff`, after !== undefined && after > prefix ? after : prefix];
    if (start > end) return [];
    const range = IDBKeyRange.bound(start, end, start === after);
    const [found, values] = await Promise.all([settled(store.getAllKeys(range, limit)), settled(store.getAll(range, limit))]);
    return found.map((key, at) => ({ key, value: values[at] }));
  }

  /** Whoever has lost the state to another context, asleep for instance, must not write into what that one does. */
  async write(batch) {
    let lost = false;
    const written = transact(this.#database, STORE, (store, transaction) => {
      store.get(OWNER).onsuccess = ({ target: { result: owner } }) => {
        lost = owner !== this.#owner;
        if (lost) transaction.abort();
      };
      for (const { key, value } of batch) {
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      }
    });
    await written.catch(error => {
      throw lost ? new KiteError("state", "write", "another page or worker has taken this state over: open it again") : error;
    });
  }

  /** Closes the database; another context may open it then. */
  close() {
    this.#database?.close();
    this.#release();
  }
}
