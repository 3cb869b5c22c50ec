// The old side: npm db-to-cloud 0.8.1 over a plain map, with one of its own drives.
import dbToCloudModule from "db-to-cloud";

const {dbToCloud} = dbToCloudModule;

/** One device that runs db-to-cloud 0.8.1. */
export class OldClient {
  /** `drive` is one of db-to-cloud's. */
  constructor(drive) {
    this.docs = new Map(); // String(_id) -> document
    this.warnings = [];
    this.state = undefined;
    this.restart(drive);
  }

  /** Ends the program and starts it anew: what is left are the documents and the state. */
  restart(drive) {
    this.client = dbToCloud({
      onGet: id => this.docs.get(String(id)),
      onPut: doc => this.#put(doc),
      onDelete: (id, rev) => this.#delete(id, rev),
      onFirstSync: () => { for (const doc of this.docs.values()) this.client.put(doc._id, doc._rev); },
      onWarn: text => this.warnings.push(text),
      compareRevision: (a, b) => a - b,
      getState: () => this.state,
      setState: (_drive, state) => { this.state = state && structuredClone(state); },
      retryMaxAttempts: 1,
    });
    this.client.use(drive);
  }

  #put(doc) {
    const mine = this.docs.get(String(doc._id));
    if (!mine || mine._rev <= doc._rev) this.docs.set(String(doc._id), doc);
  }

  #delete(id, rev) {
    const mine = this.docs.get(String(id));
    if (mine && (rev === undefined || mine._rev <= rev)) this.docs.delete(String(id));
  }

  /** A person edits a document here. */
  put(doc) {
    this.docs.set(String(doc._id), doc);
    this.client.put(doc._id, doc._rev);
  }

  /** A person deletes a document here. */
  delete(id, rev) {
    this.docs.delete(String(id));
    this.client.delete(id, rev);
  }

  async sync() {
    await this.client.init();
    await this.client.syncNow(false);
  }

  /** Every document, ordered by id. */
  all() {
    return byId(this.docs.values());
  }
}

export function byId(docs) {
  return [...docs].sort((a, b) => String(a._id) < String(b._id) ? -1 : 1);
}
