// The client's own memory in IndexedDB: one transaction for each batch, durable when it has ended.
const STORE = "records";

const settled = request =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A state in a database of the browser. One name for each client. */
export class IndexedDbState {
  #database;

  /** Opens the database, and makes it if it is not there. */
  static async open(name) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const state = new IndexedDbState();
    state.#database = await settled(request);
    state.#database.onversionchange = () => state.close();
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

  write(batch) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
      const store = transaction.objectStore(STORE);
      try {
        for (const { key, value } of batch) {
          if (value === undefined) store.delete(key);
          else store.put(value, key);
        }
      } catch (error) {
        // What was put before it must not be committed.
        transaction.abort();
        reject(error);
      }
    });
  }

  /** Closes the database. */
  close() {
    this.#database.close();
  }
}
