// IndexedDB, as promises.

/** Waits for the answer of a request. */
export function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs one transaction over a store: all that `work` asks for or, if it throws, nothing. Durable when the promise is fulfilled. */
export function transact(database, name, work) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    try {
      work(transaction.objectStore(name), transaction);
    } catch (error) {
      // What was asked before it must not be committed.
      transaction.abort();
      reject(error);
    }
  });
}
