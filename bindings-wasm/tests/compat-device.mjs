// What a program made for db-to-cloud has: documents by id, the higher revision wins. It runs over either of the two.
import { createRequire } from "node:module";
import { join } from "node:path";

/** Loads what the tests have installed beside themselves. */
export const tool = createRequire(join(process.env.TOOLS, "of-the-tests.js"));

/** npm's db-to-cloud 0.8.1. */
export const old = tool("db-to-cloud");

const failure = code => Object.assign(new Error(code), { code });

/** A drive as a program writes it: five methods over a map. */
export function userDrive(files = new Map(), more = {}) {
  return {
    name: "mine",
    async get(path) {
      if (!files.has(path)) throw failure("ENOENT");
      return files.get(path);
    },
    async put(path, data) {
      files.set(path, data);
    },
    async post(path, data) {
      if (files.has(path)) throw failure("EEXIST");
      files.set(path, data);
    },
    async delete(path) {
      files.delete(path);
    },
    async list(folder) {
      return [...files.keys()].filter(path => path.startsWith(`${folder}/`)).map(path => path.slice(folder.length + 1));
    },
    ...more,
  };
}

/** The JSON of a file in a map. */
export const json = (files, path) => (files.has(path) ? JSON.parse(files.get(path)) : undefined);

/** One device. `state` is what an earlier one of it has left. */
export class Device {
  docs = new Map();
  warnings = [];
  events = [];

  constructor({ dbToCloud }, drive, { state, docs, ...options } = {}) {
    this.state = state;
    for (const doc of docs ?? []) this.docs.set(String(doc._id), doc);
    this.sync = dbToCloud({
      onGet: (id, rev) => this.onGet(id, rev),
      onPut: doc => this.onPut(doc),
      onDelete: (id, rev) => this.onDelete(id, rev),
      onFirstSync: () => {
        this.events.push(["first"]);
        for (const doc of this.docs.values()) this.sync.put(doc._id, doc._rev);
      },
      onWarn: line => this.warnings.push(line),
      onProgress: event => this.events.push(["progress", structuredClone(event)]),
      compareRevision: (a, b) => a - b,
      getState: () => this.state,
      setState: (_drive, state) => void (this.state = structuredClone(state)),
      retryMaxAttempts: 1,
      ...options,
    });
    this.sync.use(drive);
  }

  async onGet(id, rev) {
    this.events.push(["get", id, rev]);
    return this.docs.get(String(id));
  }
  async onPut(doc) {
    this.events.push(["put", doc]);
    const mine = this.docs.get(String(doc._id));
    if (mine && mine._rev > doc._rev) this.sync.put(mine._id, mine._rev);
    else this.docs.set(String(doc._id), doc);
  }
  async onDelete(id, rev) {
    this.events.push(["delete", id, rev]);
    const mine = this.docs.get(String(id));
    if (mine && !(mine._rev > rev)) this.docs.delete(String(id));
  }

  /** A person edits, or deletes. */
  put(doc) {
    this.docs.set(String(doc._id), doc);
    this.sync.put(doc._id, doc._rev);
  }
  delete(id, rev) {
    this.docs.delete(String(id));
    this.sync.delete(id, rev);
  }

  async run(peek) {
    await this.sync.init();
    await this.sync.syncNow(peek);
  }
  all() {
    return [...this.docs.values()].sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
  }
  /** What has happened since this was last asked. */
  told() {
    return this.events.splice(0);
  }
  phases() {
    return this.told().filter(([what]) => what === "progress").map(([, event]) => event);
  }
}

export const note = (_id, _rev, text = `text ${_id} ${_rev}`) => ({ _id, _rev, text });
